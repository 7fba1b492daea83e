// SPDX-License-Identifier: Apache-2.0

//! [`AttributeEntries`]: the keys and values of `#[kalam(..)]`. The caller states which keys are
//! allowed, and reads each value as the type that it expects.

use kalamtable_model::{RawValue, backticked_list, nearest};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitFloat, LitInt, LitStr, Token};

use crate::problems::{Problems, Written, problem};

/// A key, with an example of its use.
pub(crate) type KeyUsage = (&'static str, &'static str);

/// The value of `default`.
#[derive(Clone, Debug)]
pub(crate) struct DefaultAttribute {
    pub(crate) value: RawValue,
    /// The text of the Rust tokens, without blanks.
    pub(crate) text: String,
    pub(crate) tokens: TokenStream,
}

/// The keys that are allowed on a struct, on a field, or in parentheses.
#[derive(Clone, Copy)]
pub(crate) struct AllowedKeys {
    /// The allowed keys.
    pub(crate) keys: &'static [KeyUsage],
    /// The allowed keys that may be repeated.
    pub(crate) repeated: &'static [&'static str],
    /// The keys that are allowed on another element.
    pub(crate) elsewhere: &'static [KeyUsage],
    /// The beginning of the help for a key of `elsewhere`.
    pub(crate) hint: &'static str,
    /// The helps for keys of other libraries, by key.
    pub(crate) hints: &'static [(&'static str, &'static str)],
}

/// `key`, `key = value` or `key(..)`.
#[derive(Clone)]
struct AttributeEntry {
    key: Ident,
    value: AttributeValue,
}

#[derive(Clone)]
enum AttributeValue {
    Flag,
    Equals(TokenStream),
    List(TokenStream),
}

impl Parse for AttributeEntry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = key(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            AttributeValue::Equals(until_comma(input)?)
        } else if input.peek(syn::token::Paren) {
            let TokenTree::Group(group) = input.parse()? else {
                return Err(input.error("expected parentheses"));
            };
            AttributeValue::List(group.stream())
        } else {
            AttributeValue::Flag
        };
        if input.is_empty() || input.peek(Token![,]) {
            Ok(AttributeEntry { key, value })
        } else {
            Err(stray(&key, &value, &input.parse()?))
        }
    }
}

fn key(input: ParseStream<'_>) -> syn::Result<Ident> {
    if input.peek(Ident::peek_any) {
        return input.call(Ident::parse_any);
    }
    let token: TokenTree = input.parse()?;
    let help = match parse::<LitStr>(&token.to_token_stream()) {
        Some(text) => format!("write it without quotes: `{}`", text.value()),
        None => "write `#[kalam(key = value)]`".to_string(),
    };
    Err(problem(token, "a key is an identifier", &help))
}

/// Returns the problem of a token where `,` is expected.
fn stray(key: &Ident, value: &AttributeValue, token: &TokenTree) -> syn::Error {
    match token {
        TokenTree::Ident(next) => missing_comma(next),
        _ if matches!(value, AttributeValue::List(_)) => {
            let message = format!("only `,` can follow `{key}(..)`");
            problem(token, &message, "separate two keys by `,`")
        }
        _ => {
            let message = format!("only `=` or `,` can follow `{key}`");
            problem(token, &message, &format!("write `{key} = ..`"))
        }
    }
}

fn missing_comma(next: impl ToTokens) -> syn::Error {
    let message = format!("missing `,` before `{}`", next.to_token_stream());
    problem(next, &message, "separate two keys by `,`")
}

fn until_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend(std::iter::once(input.parse::<TokenTree>()?));
    }
    Ok(tokens)
}

/// The entries of one element. All keys are allowed, and only repeatable ones occur several times.
pub(crate) struct AttributeEntries {
    allowed: AllowedKeys,
    entries: Vec<AttributeEntry>,
}

impl AttributeEntries {
    /// Reads all `#[kalam(..)]` of `attributes`.
    pub(crate) fn of_attributes(
        attributes: &[Attribute],
        allowed: AllowedKeys,
        problems: &mut Problems,
    ) -> Self {
        let mut entries = AttributeEntries {
            allowed,
            entries: Vec::new(),
        };
        for attribute in attributes {
            if !attribute.path().is_ident("kalam") {
                continue;
            }
            match &attribute.meta {
                syn::Meta::List(list) => entries.read(list.tokens.clone(), problems),
                meta => {
                    problems.push(meta, "`kalam` has no keys", "write `#[kalam(key = value)]`");
                }
            }
        }
        entries
    }

    /// Reads `tokens`, the content of parentheses.
    pub(crate) fn of_tokens(
        tokens: TokenStream,
        allowed: AllowedKeys,
        problems: &mut Problems,
    ) -> Self {
        let mut entries = AttributeEntries {
            allowed,
            entries: Vec::new(),
        };
        entries.read(tokens, problems);
        entries
    }

    fn read(&mut self, tokens: TokenStream, problems: &mut Problems) {
        let parsed = Punctuated::<AttributeEntry, Token![,]>::parse_terminated.parse2(tokens);
        let entries = match parsed {
            Ok(entries) => entries,
            Err(error) => return problems.error(error),
        };
        for entry in entries {
            let key = entry.key.unraw().to_string();
            if self.usage(&key).is_none() {
                self.unknown(&entry.key, &key, problems);
            } else if self.has(&key) && !self.allowed.repeated.contains(&&*key) {
                let message = format!("`{key}` is repeated");
                problems.push(&entry.key, &message, "delete one of the two");
            } else {
                self.entries.push(entry);
            }
        }
    }

    fn unknown(&self, at: &Ident, key: &str, problems: &mut Problems) {
        let AllowedKeys {
            keys,
            elsewhere,
            hint,
            hints,
            ..
        } = self.allowed;
        let message = format!("unknown key `{key}`");
        let names = keys.iter().map(|(name, _)| *name);
        if keys.is_empty() {
            let message = format!("`{key}` is not allowed here");
            problems.push(at, &message, "delete it: this element has no keys");
        } else if let Some((_, usage)) = elsewhere.iter().find(|(name, _)| *name == key) {
            let message = format!("`{key}` is not allowed here");
            problems.push(at, &message, &format!("{hint}: `#[kalam({usage})]`"));
        } else if let Some((_, help)) = hints.iter().find(|(name, _)| *name == key) {
            problems.push(at, &message, help);
        } else if let Some(near) = nearest(key, names.clone()) {
            problems.push(at, &message, &format!("did you mean `{near}`?"));
        } else {
            let noun = if keys.len() == 1 {
                "only key is"
            } else {
                "keys are"
            };
            let help = format!("the {noun} {}", backticked_list(names, "and"));
            problems.push(at, &message, &help);
        }
    }

    fn usage(&self, key: &str) -> Option<&'static str> {
        let mut keys = self.allowed.keys.iter();
        keys.find(|(name, _)| *name == key).map(|(_, usage)| *usage)
    }

    fn entry(&self, key: &str) -> Option<&AttributeEntry> {
        self.all(key).next()
    }

    /// Returns the entries of a repeatable key.
    fn all(&self, key: &str) -> impl Iterator<Item = &AttributeEntry> {
        self.entries
            .iter()
            .filter(move |entry| entry.key.unraw() == key)
    }

    /// Returns whether the key occurs, with a valid or an invalid value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Returns the tokens of the key.
    pub(crate) fn key(&self, key: &str) -> Option<Ident> {
        self.entry(key).map(|entry| entry.key.clone())
    }

    /// Returns all keys except `others`.
    pub(crate) fn keys_but(&self, others: &[&str]) -> Vec<Ident> {
        let keys = self.entries.iter().map(|entry| entry.key.clone());
        keys.filter(|key| !others.contains(&&*key.unraw().to_string()))
            .collect()
    }

    /// Returns the value of `key`, parsed by `read`. Reports a value that `read` does not accept.
    fn value<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl FnOnce(&TokenStream) -> Option<T>,
    ) -> Option<Written<T>> {
        let entry = self.entry(key)?;
        if let AttributeValue::Equals(tokens) = &entry.value
            && let Some(value) = read(tokens)
        {
            return Some(Written::new(value, tokens));
        }
        self.report_invalid(entry, key, problems);
        None
    }

    fn report_invalid(&self, entry: &AttributeEntry, key: &str, problems: &mut Problems) {
        let usage = self.usage(key).unwrap_or_default();
        let at = match &entry.value {
            AttributeValue::Equals(tokens) if !tokens.is_empty() => tokens.clone(),
            _ => entry.key.to_token_stream(),
        };
        if let Some(next) = self.next_key(&at) {
            problems.error(missing_comma(next));
        } else if usage == key {
            let message = format!("`{key}` takes no value");
            problems.push(at, &message, &format!("write only `{key}`"));
        } else {
            let message = format!("invalid form of `{key}`");
            let help = match meant(key, &entry.value, usage) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write for example `{usage}`"),
            };
            problems.push(at, &message, &help);
        }
    }

    /// Returns a key in the value of another key, which shows that a `,` is missing before it.
    fn next_key(&self, value: &TokenStream) -> Option<TokenTree> {
        value.clone().into_iter().skip(1).find(|token| {
            matches!(token, TokenTree::Ident(name) if self.usage(&name.to_string()).is_some())
        })
    }

    /// Returns whether the key, which takes no value, occurs. Reports a key with a value.
    pub(crate) fn flag(&self, key: &str, problems: &mut Problems) -> bool {
        let Some(entry) = self.entry(key) else {
            return false;
        };
        if !matches!(entry.value, AttributeValue::Flag) {
            self.report_invalid(entry, key, problems);
        }
        true
    }

    /// Returns the value of `key` as a string.
    pub(crate) fn text(&self, key: &str, problems: &mut Problems) -> Option<Written<String>> {
        self.value(key, problems, |tokens| {
            Some(parse::<LitStr>(tokens)?.value())
        })
    }

    /// Returns the value of `key` as a string literal.
    pub(crate) fn literal(&self, key: &str, problems: &mut Problems) -> Option<LitStr> {
        let literal = self.value(key, problems, parse::<LitStr>);
        literal.map(|literal| literal.value)
    }

    /// Returns the value of `key` as an integer.
    pub(crate) fn integer(&self, key: &str, problems: &mut Problems) -> Option<Written<i128>> {
        self.value(key, problems, integer)
    }

    /// Returns the value of `key` as an identifier.
    pub(crate) fn ident(&self, key: &str, problems: &mut Problems) -> Option<Ident> {
        let ident = self.value(key, problems, parse::<Ident>);
        ident.map(|ident| ident.value)
    }

    /// Returns the value of `key` as a path, with or without quotes.
    pub(crate) fn path(&self, key: &str, problems: &mut Problems) -> Option<TokenStream> {
        let path = self.value(key, problems, |tokens| {
            let path = match parse::<LitStr>(tokens) {
                Some(text) => text.parse_with(syn::Path::parse_mod_style),
                None => syn::Path::parse_mod_style.parse2(tokens.clone()),
            };
            path.ok().map(ToTokens::into_token_stream)
        });
        path.map(|path| path.value)
    }

    /// Returns the value of `key` as the default of a column.
    pub(crate) fn default_value(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<DefaultAttribute> {
        let entry = self.entry(key)?;
        let tokens = match &entry.value {
            AttributeValue::Equals(tokens) if self.next_key(tokens).is_none() => tokens,
            _ => {
                self.report_invalid(entry, key, problems);
                return None;
            }
        };
        let text = tokens.to_string().replace(' ', "");
        let Some(value) = default_value(tokens) else {
            problems.push(
                tokens,
                "a default is a literal",
                &meant_default(tokens, &text),
            );
            return None;
        };
        Some(DefaultAttribute {
            value,
            text,
            tokens: tokens.clone(),
        })
    }

    /// Returns the content of the parentheses of `key(..)`.
    pub(crate) fn list(&self, key: &str, problems: &mut Problems) -> Option<TokenStream> {
        self.list_of(self.entry(key)?, key, problems)
    }

    fn list_of(
        &self,
        entry: &AttributeEntry,
        key: &str,
        problems: &mut Problems,
    ) -> Option<TokenStream> {
        if let AttributeValue::List(tokens) = &entry.value {
            return Some(tokens.clone());
        }
        self.report_invalid(entry, key, problems);
        None
    }

    /// Returns the elements of a list, parsed by `read`.
    fn parts<T>(
        &self,
        entry: &AttributeEntry,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&TokenStream) -> Option<T>,
    ) -> Option<Vec<Written<T>>> {
        let tokens = self.list_of(entry, key, problems)?;
        let usage = self.usage(key).unwrap_or_default();
        let parser = |input: ParseStream<'_>| {
            Punctuated::<TokenStream, Token![,]>::parse_terminated_with(input, until_comma)
        };
        let mut values = Vec::new();
        for part in parser.parse2(tokens).unwrap_or_default() {
            match read(&part) {
                Some(value) => values.push(Written::new(value, part)),
                None => {
                    let message = format!("invalid form of `{key}`");
                    problems.push(part, &message, &format!("write for example `{usage}`"));
                }
            }
        }
        Some(values)
    }

    /// Returns the names in the parentheses of `key(..)`, with or without quotes.
    pub(crate) fn names(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Written<Vec<Written<String>>>> {
        self.names_of(self.entry(key)?, key, problems)
    }

    /// Returns the names in the parentheses of each `key(..)`.
    pub(crate) fn all_names(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Vec<Written<Vec<Written<String>>>> {
        let entries = self.all(key);
        entries
            .filter_map(|entry| self.names_of(entry, key, problems))
            .collect()
    }

    fn names_of(
        &self,
        entry: &AttributeEntry,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Written<Vec<Written<String>>>> {
        let read = |tokens: &TokenStream| match parse::<LitStr>(tokens) {
            Some(text) => Some(text.value()),
            None => {
                let ident = Ident::parse_any.parse2(tokens.clone()).ok()?;
                Some(ident.unraw().to_string())
            }
        };
        let names = self.parts(entry, key, problems, read)?;
        Some(Written::new(names, &entry.key))
    }

    /// Returns the integers in the parentheses of `key(..)`.
    pub(crate) fn integers(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Vec<Written<i128>>> {
        self.parts(self.entry(key)?, key, problems, integer)
    }
}

fn parse<T: Parse>(tokens: &TokenStream) -> Option<T> {
    syn::parse2(tokens.clone()).ok()
}

/// Returns the key with the given value in the form of `usage`, or `None` if more than quotes,
/// parentheses or a suffix is wrong.
fn meant(key: &str, value: &AttributeValue, usage: &str) -> Option<String> {
    let AttributeValue::Equals(tokens) = value else {
        return None;
    };
    let text = parse::<LitStr>(tokens).map(|text| text.value());
    let example = usage.strip_prefix(key)?;
    if example.starts_with('(') {
        let is_name = |text: &String| syn::parse_str::<Ident>(text).is_ok();
        return Some(format!("{key}({})", text.filter(is_name)?));
    }
    if example.starts_with(" = \"") {
        let text = tokens.to_string().replace(' ', "").replace("::", ".");
        let is_plain = !text.is_empty() && !text.contains(['"', '\\', '(']);
        return is_plain.then(|| format!("{key} = \"{text}\""));
    }
    let number = match text {
        Some(text) => text.parse().ok(),
        None => parse::<LitInt>(tokens).and_then(|number| number.base10_parse::<i128>().ok()),
    };
    let is_number = example.ends_with(|last: char| last.is_ascii_digit());
    Some(format!("{key} = {}", number.filter(|_| is_number)?))
}

/// Returns the fix for a default that is not a literal.
fn meant_default(tokens: &TokenStream, text: &str) -> String {
    let is_call = |text: &str| text.ends_with("()") && !text.contains("::");
    let digits = match parse::<syn::Lit>(tokens) {
        Some(syn::Lit::Int(number)) => number.base10_digits().to_string(),
        Some(syn::Lit::Float(number)) => number.base10_digits().to_string(),
        _ => String::new(),
    };
    if !digits.is_empty() {
        format!(
            "write it without `{}`: `default = {digits}`",
            text.replace(&digits, "")
        )
    } else if text == "None" {
        "delete it: an `INSERT` without the column writes null".to_string()
    } else if is_call(text) {
        format!("write it in quotes: `default = \"{text}\"`")
    } else {
        "write `true`, a number or a text: `default = 0`, `default = \"text\"`".to_string()
    }
}

/// Parses an integer with an optional sign. One that exceeds `i128` is its minimum or maximum, as
/// in the model.
fn integer(tokens: &TokenStream) -> Option<i128> {
    let (is_negative, rest) = sign(tokens);
    let literal = parse::<LitInt>(&rest)?;
    if !literal.suffix().is_empty() {
        return None;
    }
    Some(match (literal.base10_parse::<i128>(), is_negative) {
        (Ok(value), false) => value,
        (Ok(value), true) => -value,
        (Err(_), false) => i128::MAX,
        (Err(_), true) => i128::MIN,
    })
}

fn default_value(tokens: &TokenStream) -> Option<RawValue> {
    if let Some(value) = integer(tokens) {
        return Some(RawValue::Integer(value));
    }
    if let Some(text) = parse::<LitStr>(tokens) {
        return Some(RawValue::Text(text.value()));
    }
    if let Some(flag) = parse::<syn::LitBool>(tokens) {
        return Some(RawValue::Boolean(flag.value));
    }
    let (is_negative, rest) = sign(tokens);
    let literal = parse::<LitFloat>(&rest).filter(|literal| literal.suffix().is_empty())?;
    let value: f64 = literal.base10_parse().ok()?;
    Some(RawValue::Float(if is_negative { -value } else { value }))
}

/// Returns whether the tokens begin with a minus, and the tokens after it.
fn sign(tokens: &TokenStream) -> (bool, TokenStream) {
    let mut rest = tokens.clone().into_iter();
    match rest.next() {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '-' => (true, rest.collect()),
        // An argument of `macro_rules!` is in a group without delimiters.
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            sign(&group.stream())
        }
        _ => (false, tokens.clone()),
    }
}
