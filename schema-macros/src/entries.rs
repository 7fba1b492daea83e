// SPDX-License-Identifier: Apache-2.0

//! [`Entries`]: the keys and values of `#[kalam(..)]`, each read as what it should be. Which keys
//! there are is left to whoever asks.

use kalamtable_model::{RawValue, backticked_list, nearest};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitFloat, LitInt, LitStr, Token};

use crate::problems::{Problems, Written, problem};

/// A key, with an example of how it is written.
pub(crate) type Key = (&'static str, &'static str);

/// A default as written.
#[derive(Clone, Debug)]
pub(crate) struct DefaultAttribute {
    pub(crate) value: RawValue,
    /// As Rust spells it.
    pub(crate) text: String,
    pub(crate) tokens: TokenStream,
}

/// Which keys there are in one place: on a struct, on a field, in parentheses.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Those that may be written here.
    pub(crate) keys: &'static [Key],
    /// Those of them that may be written several times.
    pub(crate) repeated: &'static [&'static str],
    /// Those that belong elsewhere.
    pub(crate) elsewhere: &'static [Key],
    /// Where that is.
    pub(crate) hint: &'static str,
    /// What to write for keys that there are in other libraries.
    pub(crate) hints: &'static [(&'static str, &'static str)],
}

/// `key`, `key = value` or `key(..)`.
#[derive(Clone)]
struct Entry {
    key: Ident,
    value: EntryValue,
}

#[derive(Clone)]
enum EntryValue {
    Flag,
    Equals(TokenStream),
    List(TokenStream),
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = key(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            EntryValue::Equals(until_comma(input)?)
        } else if input.peek(syn::token::Paren) {
            let TokenTree::Group(group) = input.parse()? else {
                return Err(input.error("expected parentheses"));
            };
            EntryValue::List(group.stream())
        } else {
            EntryValue::Flag
        };
        if input.is_empty() || input.peek(Token![,]) {
            Ok(Entry { key, value })
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
    Err(problem(token, "a key is a name", &help))
}

/// What is wrong with a token that stands where a `,` should.
fn stray(key: &Ident, value: &EntryValue, token: &TokenTree) -> syn::Error {
    match token {
        TokenTree::Ident(next) => missing_comma(next),
        _ if matches!(value, EntryValue::List(_)) => {
            let message = format!("nothing but a `,` can follow `{key}(..)`");
            problem(token, &message, "put a `,` between two keys")
        }
        _ => {
            let message = format!("nothing but a `=` or a `,` can follow `{key}`");
            problem(token, &message, &format!("write `{key} = ..`"))
        }
    }
}

fn missing_comma(next: impl ToTokens) -> syn::Error {
    let message = format!("`,` is missing before `{}`", next.to_token_stream());
    problem(next, &message, "put a `,` between two keys")
}

fn until_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend(std::iter::once(input.parse::<TokenTree>()?));
    }
    Ok(tokens)
}

/// What one place says: known keys, each at most once unless it may be repeated.
pub(crate) struct Entries {
    place: Place,
    entries: Vec<Entry>,
}

impl Entries {
    /// Everything in the `#[kalam(..)]` among `attributes`.
    pub(crate) fn of_attributes(
        attributes: &[Attribute],
        place: Place,
        problems: &mut Problems,
    ) -> Self {
        let mut entries = Entries {
            place,
            entries: Vec::new(),
        };
        for attribute in attributes {
            if !attribute.path().is_ident("kalam") {
                continue;
            }
            match &attribute.meta {
                syn::Meta::List(list) => entries.read(list.tokens.clone(), problems),
                meta => {
                    problems.push(
                        meta,
                        "`kalam` says nothing",
                        "write `#[kalam(key = value)]`",
                    );
                }
            }
        }
        entries
    }

    /// Everything in `tokens`, which stood in parentheses.
    pub(crate) fn of_tokens(tokens: TokenStream, place: Place, problems: &mut Problems) -> Self {
        let mut entries = Entries {
            place,
            entries: Vec::new(),
        };
        entries.read(tokens, problems);
        entries
    }

    fn read(&mut self, tokens: TokenStream, problems: &mut Problems) {
        let entries = Punctuated::<Entry, Token![,]>::parse_terminated.parse2(tokens);
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return problems.error(error),
        };
        for entry in entries {
            let key = entry.key.unraw().to_string();
            if self.usage(&key).is_none() {
                self.unknown(&entry.key, &key, problems);
            } else if self.has(&key) && !self.place.repeated.contains(&&*key) {
                let message = format!("`{key}` is said twice");
                problems.push(&entry.key, &message, "delete one of the two");
            } else {
                self.entries.push(entry);
            }
        }
    }

    fn unknown(&self, at: &Ident, key: &str, problems: &mut Problems) {
        let Place {
            keys,
            elsewhere,
            hint,
            hints,
            ..
        } = self.place;
        let message = format!("unknown key `{key}`");
        let names = keys.iter().map(|(name, _)| *name);
        if keys.is_empty() {
            let message = format!("`{key}` has no place here");
            problems.push(at, &message, "delete it: there is nothing to say here");
        } else if let Some((_, usage)) = elsewhere.iter().find(|(name, _)| *name == key) {
            let message = format!("`{key}` has no place here");
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
        let mut keys = self.place.keys.iter();
        keys.find(|(name, _)| *name == key).map(|(_, usage)| *usage)
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.all(key).next()
    }

    /// Those of a key that may be repeated.
    fn all(&self, key: &str) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.key.unraw() == key)
    }

    /// Whether the key is there, well written or not.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The key as written, to point at.
    pub(crate) fn key(&self, key: &str) -> Option<Ident> {
        self.entry(key).map(|entry| entry.key.clone())
    }

    /// The keys that are there, but for `others`.
    pub(crate) fn keys_but(&self, others: &[&str]) -> Vec<Ident> {
        let keys = self.entries.iter().map(|entry| entry.key.clone());
        keys.filter(|key| !others.contains(&&*key.unraw().to_string()))
            .collect()
    }

    /// The value of `key` as `read` understands it; one that it does not is reported.
    fn value<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl FnOnce(&TokenStream) -> Option<T>,
    ) -> Option<Written<T>> {
        let entry = self.entry(key)?;
        if let EntryValue::Equals(tokens) = &entry.value
            && let Some(value) = read(tokens)
        {
            return Some(Written::new(value, tokens));
        }
        self.misspelt(entry, key, problems);
        None
    }

    fn misspelt(&self, entry: &Entry, key: &str, problems: &mut Problems) {
        let usage = self.usage(key).unwrap_or_default();
        let at = match &entry.value {
            EntryValue::Equals(tokens) if !tokens.is_empty() => tokens.clone(),
            _ => entry.key.to_token_stream(),
        };
        if let Some(next) = self.next_key(&at) {
            problems.error(missing_comma(next));
        } else if usage == key {
            let message = format!("`{key}` has no value");
            problems.push(at, &message, &format!("write `{key}` alone"));
        } else {
            let message = format!("`{key}` is not written like this");
            let help = match meant(key, &entry.value, usage) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write for example `{usage}`"),
            };
            problems.push(at, &message, &help);
        }
    }

    /// A key in the value of another one: a `,` is missing before it.
    fn next_key(&self, value: &TokenStream) -> Option<TokenTree> {
        value.clone().into_iter().skip(1).find(|token| {
            matches!(token, TokenTree::Ident(name) if self.usage(&name.to_string()).is_some())
        })
    }

    /// Whether a key that stands alone is there.
    pub(crate) fn flag(&self, key: &str, problems: &mut Problems) -> bool {
        let Some(entry) = self.entry(key) else {
            return false;
        };
        if !matches!(entry.value, EntryValue::Flag) {
            self.misspelt(entry, key, problems);
        }
        true
    }

    /// A text.
    pub(crate) fn text(&self, key: &str, problems: &mut Problems) -> Option<Written<String>> {
        self.value(key, problems, |tokens| {
            Some(parse::<LitStr>(tokens)?.value())
        })
    }

    /// A text, as its literal.
    pub(crate) fn literal(&self, key: &str, problems: &mut Problems) -> Option<LitStr> {
        let literal = self.value(key, problems, parse::<LitStr>);
        literal.map(|literal| literal.value)
    }

    /// A number.
    pub(crate) fn integer(&self, key: &str, problems: &mut Problems) -> Option<Written<i128>> {
        self.value(key, problems, integer)
    }

    /// A name.
    pub(crate) fn ident(&self, key: &str, problems: &mut Problems) -> Option<Ident> {
        let ident = self.value(key, problems, parse::<Ident>);
        ident.map(|ident| ident.value)
    }

    /// A path, in quotes or not.
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

    /// A value that can be a default.
    pub(crate) fn default_value(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<DefaultAttribute> {
        let entry = self.entry(key)?;
        let tokens = match &entry.value {
            EntryValue::Equals(tokens) if self.next_key(tokens).is_none() => tokens,
            _ => {
                self.misspelt(entry, key, problems);
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

    /// What is in the parentheses of `key(..)`.
    pub(crate) fn list(&self, key: &str, problems: &mut Problems) -> Option<TokenStream> {
        self.list_of(self.entry(key)?, key, problems)
    }

    fn list_of(&self, entry: &Entry, key: &str, problems: &mut Problems) -> Option<TokenStream> {
        if let EntryValue::List(tokens) = &entry.value {
            return Some(tokens.clone());
        }
        self.misspelt(entry, key, problems);
        None
    }

    /// The parts of a list, each as `read` understands it.
    fn parts<T>(
        &self,
        entry: &Entry,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&TokenStream) -> Option<T>,
    ) -> Option<Vec<Written<T>>> {
        let tokens = self.list_of(entry, key, problems)?;
        let usage = self.usage(key).unwrap_or_default();
        let parts = Punctuated::<TokenStream, Token![,]>::parse_terminated_with;
        let parts = (|input: ParseStream<'_>| parts(input, until_comma)).parse2(tokens);
        let mut values = Vec::new();
        for part in parts.unwrap_or_default() {
            match read(&part) {
                Some(value) => values.push(Written::new(value, part)),
                None => {
                    let message = format!("`{key}` is not written like this");
                    problems.push(part, &message, &format!("write for example `{usage}`"));
                }
            }
        }
        Some(values)
    }

    /// Names in parentheses, in quotes or not.
    pub(crate) fn names(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Written<Vec<Written<String>>>> {
        self.names_of(self.entry(key)?, key, problems)
    }

    /// The names in the parentheses of each `key(..)`, of which there may be several.
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
        entry: &Entry,
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

    /// Numbers in parentheses.
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

/// The key with its value as `usage` has it, where that is a matter of quotes, parentheses or a suffix.
fn meant(key: &str, value: &EntryValue, usage: &str) -> Option<String> {
    let EntryValue::Equals(tokens) = value else {
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

/// What to write for a default that is no literal.
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
        "delete it: an insert that leaves out an `Option` writes null".to_string()
    } else if is_call(text) {
        format!("write it in quotes: `default = \"{text}\"`")
    } else {
        "write `true`, a number or a text: `default = 0`, `default = \"text\"`".to_string()
    }
}

/// A number, with a sign or not; beyond `i128` it is the end of that, as in the model.
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

/// Whether the tokens begin with a minus, and those behind it.
fn sign(tokens: &TokenStream) -> (bool, TokenStream) {
    let mut rest = tokens.clone().into_iter();
    match rest.next() {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '-' => (true, rest.collect()),
        // A number that a macro was given comes in a group that nobody sees.
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            sign(&group.stream())
        }
        _ => (false, tokens.clone()),
    }
}
