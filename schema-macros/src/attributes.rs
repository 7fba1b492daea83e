//! `#[kalam(..)]`: what a struct and its fields say. Whether it makes sense together is left to the
//! stages behind.

use kalamtable_model::{RawValue, listed, nearest};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Lit, LitFloat, LitInt, LitStr, Token};

use crate::problems::{Problems, Written};

/// A key, with an example of how it is written.
pub(crate) type Key = (&'static str, &'static str);

const TABLE_KEYS: &[Key] = &[
    ("table", "table = \"app.events\""),
    ("primary_key", "primary_key(id)"),
    ("no_primary_key", "no_primary_key = \"why\""),
    ("kind", "kind = \"user\""),
    ("version", "version = 2"),
    ("reserved", "reserved(ids(2, 5), names(\"username\"))"),
    ("comment", "comment = \"..\""),
    ("freeze", "freeze = \"schemas/frozen/events.toml\""),
    ("schema", "schema = \"schemas/app/events.toml\""),
    ("crate", "crate = ::kalamtable"),
    ("view", "view = EventView"),
];

/// What stands beside `schema`.
const SCHEMA_KEYS: [&str; 3] = ["schema", "crate", "view"];

const FIELD_KEYS: &[Key] = &[
    ("id", "id = 3"),
    ("rename", "rename = \"column\""),
    ("type", "type = \"decimal(10, 2)\""),
    ("unit", "unit = \"ms\""),
    ("default", "default = 0"),
    ("comment", "comment = \"..\""),
    ("skip", "skip"),
    ("nested_ids", "nested_ids = 20"),
    ("flatten", "flatten"),
];

const RESERVED_KEYS: &[Key] = &[("ids", "ids(2, 5)"), ("names", "names(\"username\")")];

/// What a struct says.
pub(crate) struct StructAttributes {
    /// The path of a crate that has `__private`.
    pub(crate) runtime: TokenStream,
    /// The name of the view.
    pub(crate) view: Option<Ident>,
    /// Where the table is described.
    pub(crate) source: TableSource,
}

/// Where a table is described.
pub(crate) enum TableSource {
    /// By the struct.
    Struct(Box<TableAttributes>),
    /// In a TOML file.
    Schema(LitStr),
}

/// What a struct says of the table that it describes.
pub(crate) struct TableAttributes {
    pub(crate) table: Written<String>,
    pub(crate) primary_key: Option<Written<Vec<Written<String>>>>,
    pub(crate) no_primary_key: Option<Written<String>>,
    pub(crate) kind: Option<Written<String>>,
    pub(crate) version: Option<Written<i128>>,
    pub(crate) reserved_ids: Vec<Written<i128>>,
    pub(crate) reserved_names: Vec<Written<String>>,
    pub(crate) comment: Option<Written<String>>,
    /// The file that the definition is compared with.
    pub(crate) freeze: Option<Written<String>>,
}

/// What a field says.
pub(crate) struct FieldAttributes {
    pub(crate) id: Option<Written<i128>>,
    pub(crate) rename: Option<Written<String>>,
    pub(crate) ty: Option<Written<String>>,
    pub(crate) unit: Option<Written<String>>,
    pub(crate) default: Option<DefaultAttribute>,
    pub(crate) comment: Option<Written<String>>,
    pub(crate) nested_ids: Option<Written<i128>>,
    /// The keys that a field beside a TOML file may not have.
    pub(crate) of_source: Vec<Ident>,
    /// Whether it is no column.
    pub(crate) skip: bool,
}

/// A default as written.
#[derive(Clone, Debug)]
pub(crate) struct DefaultAttribute {
    pub(crate) value: RawValue,
    /// As Rust spells it.
    pub(crate) text: String,
    pub(crate) tokens: TokenStream,
}

impl StructAttributes {
    /// Reads the attributes of the struct `name`; none if they do not say where the table is
    /// described.
    pub(crate) fn read(
        attributes: &[Attribute],
        name: &Ident,
        problems: &mut Problems,
    ) -> Option<Self> {
        let place = Place {
            keys: TABLE_KEYS,
            elsewhere: FIELD_KEYS,
            hint: "it is said of a field",
            hints: &[],
        };
        let entries = Entries::of_attributes(attributes, place, problems);
        let runtime = entries.path("crate", problems);
        let view = entries.ident("view", problems);
        let source = if let Some(schema) = entries.literal("schema", problems) {
            for key in entries.keys_but(&SCHEMA_KEYS) {
                let help = "delete it here, and write it in the file";
                let message = format!("`{key}` is for the TOML file to say");
                problems.push(key, &message, help);
            }
            Some(TableSource::Schema(schema))
        } else {
            let table = TableAttributes::read(&entries, attributes, problems);
            if problems.is_empty() && table.is_none() {
                let name_in_sql = kalamtable_model::rust_names::snake_case(&name.to_string());
                let help = format!(
                    "write `#[kalam(table = \"app.{name_in_sql}\", primary_key(..))]` if the struct \
                     describes it, or `#[kalam(schema = \"schemas/app/{name_in_sql}.toml\")]`"
                );
                let message = format!("`{name}` does not say which table's row it is");
                problems.push(name, &message, &help);
            }
            table.map(|table| TableSource::Struct(Box::new(table)))
        };
        Some(StructAttributes {
            runtime: runtime.unwrap_or_else(|| quote!(::kalamtable)),
            view,
            source: source?,
        })
    }
}

impl TableAttributes {
    fn read(entries: &Entries, attributes: &[Attribute], problems: &mut Problems) -> Option<Self> {
        let table = entries.text("table", problems);
        let primary_key = entries.names("primary_key", problems);
        let no_primary_key = entries.text("no_primary_key", problems);
        let kind = entries.text("kind", problems);
        let version = entries.integer("version", problems);
        let comment = entries.text("comment", problems);
        let freeze = entries.text("freeze", problems);
        let (mut reserved_ids, mut reserved_names) = (Vec::new(), Vec::new());
        if let Some(tokens) = entries.list("reserved", problems) {
            let place = Place {
                keys: RESERVED_KEYS,
                elsewhere: &[],
                hint: "",
                hints: &[],
            };
            let reserved = Entries::of_tokens(tokens, place, problems);
            reserved_ids = reserved.integers("ids", problems).unwrap_or_default();
            let names = reserved.names("names", problems);
            reserved_names = names.map(|names| names.value).unwrap_or_default();
        }
        Some(TableAttributes {
            table: table?,
            primary_key,
            no_primary_key,
            kind,
            version,
            reserved_ids,
            reserved_names,
            comment: comment.or_else(|| documentation(attributes)),
            freeze,
        })
    }
}

impl FieldAttributes {
    /// Reads the attributes of a field.
    pub(crate) fn read(attributes: &[Attribute], problems: &mut Problems) -> Self {
        let place = Place {
            keys: FIELD_KEYS,
            elsewhere: TABLE_KEYS,
            hint: "it is said of the struct",
            hints: &[
                ("nullable", "let the field be an `Option`"),
                ("name", "write `rename = \"..\"`"),
            ],
        };
        let entries = Entries::of_attributes(attributes, place, problems);
        let skip = entries.flag("skip", problems);
        if skip {
            for key in entries.keys_but(&["skip"]) {
                let message = format!("`{key}` is said of a field that is no column");
                problems.push(&key, &message, &format!("delete `{key}`, or `skip`"));
            }
        }
        if let Some(key) = entries.key("flatten") {
            let help = "write its columns out, a field each, or let it be one column: \
                        `#[derive(KalamValue)]` on its type";
            problems.push(key, "`flatten` is not supported", help);
        }
        FieldAttributes {
            of_source: entries.keys_but(&["rename", "unit", "skip", "flatten"]),
            id: entries.integer("id", problems),
            rename: entries.text("rename", problems),
            ty: entries.text("type", problems),
            unit: entries.text("unit", problems),
            default: entries.default_value("default", problems),
            comment: entries
                .text("comment", problems)
                .or_else(|| documentation(attributes)),
            nested_ids: entries.integer("nested_ids", problems),
            skip,
        }
    }
}

/// The doc comment, if there is one, without the blanks that it begins with.
fn documentation(attributes: &[Attribute]) -> Option<Written<String>> {
    let lines = doc_lines(attributes);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    let text = lines.join("\n").trim().to_string();
    let first = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("doc"));
    (!text.is_empty()).then(|| Written::new(text, first))
}

/// The lines of the doc comment, as rustdoc gets them.
pub(crate) fn doc_lines(attributes: &[Attribute]) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let syn::Meta::NameValue(doc) = &attribute.meta
            && doc.path.is_ident("doc")
            && let syn::Expr::Lit(literal) = &doc.value
            && let Lit::Str(text) = &literal.lit
        {
            lines.extend(text.value().lines().map(str::to_string));
        }
    }
    lines
}

// ---- keys and values ----

/// The keys of one place.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Those that may be written here.
    pub(crate) keys: &'static [Key],
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
        let key = input.call(Ident::parse_any)?;
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
        Ok(Entry { key, value })
    }
}

fn until_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend(std::iter::once(input.parse::<TokenTree>()?));
    }
    Ok(tokens)
}

/// What one place says: known keys, each at most once.
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

    fn of_tokens(tokens: TokenStream, place: Place, problems: &mut Problems) -> Self {
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
            } else if self.has(&key) {
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
        } = self.place;
        let message = format!("unknown key `{key}`");
        let names = keys.iter().map(|(name, _)| *name);
        if let Some((_, usage)) = elsewhere.iter().find(|(name, _)| *name == key) {
            let message = format!("`{key}` has no place here");
            problems.push(at, &message, &format!("{hint}: `#[kalam({usage})]`"));
        } else if let Some((_, help)) = hints.iter().find(|(name, _)| *name == key) {
            problems.push(at, &message, help);
        } else if let Some(near) = nearest(key, names.clone()) {
            problems.push(at, &message, &format!("did you mean `{near}`?"));
        } else {
            let help = format!("the keys are {}", listed(names, "and"));
            problems.push(at, &message, &help);
        }
    }

    fn usage(&self, key: &str) -> Option<&'static str> {
        let mut keys = self.place.keys.iter();
        keys.find(|(name, _)| *name == key).map(|(_, usage)| *usage)
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.unraw() == key)
    }

    /// Whether the key is there, well written or not.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    fn key(&self, key: &str) -> Option<Ident> {
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
        let next = at.clone().into_iter().skip(1).find(|token| {
            matches!(token, TokenTree::Ident(name) if self.usage(&name.to_string()).is_some())
        });
        if let Some(next) = next {
            let message = format!("`,` is missing before `{next}`");
            return problems.push(next, &message, "put a `,` between two keys");
        }
        let message = format!("`{key}` is not written like this");
        problems.push(at, &message, &format!("write for example `{usage}`"));
    }

    pub(crate) fn flag(&self, key: &str, problems: &mut Problems) -> bool {
        let Some(entry) = self.entry(key) else {
            return false;
        };
        if !matches!(entry.value, EntryValue::Flag) {
            self.misspelt(entry, key, problems);
        }
        true
    }

    pub(crate) fn text(&self, key: &str, problems: &mut Problems) -> Option<Written<String>> {
        self.value(key, problems, |tokens| {
            Some(parse::<LitStr>(tokens)?.value())
        })
    }

    pub(crate) fn literal(&self, key: &str, problems: &mut Problems) -> Option<LitStr> {
        let literal = self.value(key, problems, parse::<LitStr>);
        literal.map(|literal| literal.value)
    }

    pub(crate) fn integer(&self, key: &str, problems: &mut Problems) -> Option<Written<i128>> {
        self.value(key, problems, integer)
    }

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

    pub(crate) fn default_value(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<DefaultAttribute> {
        let Written { value, tokens } = self.value(key, problems, default_value)?;
        Some(DefaultAttribute {
            value,
            text: tokens.to_string().replace(' ', ""),
            tokens,
        })
    }

    fn list(&self, key: &str, problems: &mut Problems) -> Option<TokenStream> {
        let entry = self.entry(key)?;
        if let EntryValue::List(tokens) = &entry.value {
            return Some(tokens.clone());
        }
        self.misspelt(entry, key, problems);
        None
    }

    /// The parts of a list, each as `read` understands it.
    fn parts<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&TokenStream) -> Option<T>,
    ) -> Option<Vec<Written<T>>> {
        let tokens = self.list(key, problems)?;
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

    /// Names, in quotes or not.
    pub(crate) fn names(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Written<Vec<Written<String>>>> {
        let names = self.parts(key, problems, |tokens| match parse::<LitStr>(tokens) {
            Some(text) => Some(text.value()),
            None => {
                let ident = Ident::parse_any.parse2(tokens.clone()).ok()?;
                Some(ident.unraw().to_string())
            }
        })?;
        Some(Written::new(names, self.key(key)))
    }

    pub(crate) fn integers(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Vec<Written<i128>>> {
        self.parts(key, problems, integer)
    }
}

fn parse<T: Parse>(tokens: &TokenStream) -> Option<T> {
    syn::parse2(tokens.clone()).ok()
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
