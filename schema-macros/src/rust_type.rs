// SPDX-License-Identifier: Apache-2.0

//! [`FieldType`]: the column type that a Rust type has by its name, and the Rust types for a column
//! type.

use kalamtable_model::rust_names::unit_type_name;
use kalamtable_model::{ColumnType, TimeUnit, backticked_list};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, GenericArgument, Lit, PathArguments, PathSegment, Type};

/// The type of a field, as far as its syntax shows.
pub(crate) struct FieldType {
    /// Whether it is an `Option`.
    pub(crate) nullable: bool,
    /// The type without the `Option`.
    pub(crate) value: Type,
    /// The type that its name denotes, or `None` if only the compiler knows the column type.
    pub(crate) known: Option<KnownType>,
}

/// A type that is known by its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownType {
    /// The column type.
    pub(crate) column: ColumnType,
    /// The unit of a time, if it is part of the type.
    pub(crate) unit: Option<TimeUnit>,
    /// Whether types of other crates have the same name.
    pub(crate) is_common: bool,
}

impl FieldType {
    pub(crate) fn of(ty: &Type) -> Self {
        let ty = bare(ty);
        let option = last_segment(ty).filter(|segment| segment.ident == "Option");
        let inner = option.and_then(|segment| match &types(segment)[..] {
            [inner] => Some(bare(inner).clone()),
            _ => None,
        });
        let nullable = inner.is_some();
        let value = inner.unwrap_or_else(|| ty.clone());
        FieldType {
            nullable,
            known: known(&value),
            value,
        }
    }

    /// Returns whether the type is a bare number that can count the units of a time.
    pub(crate) fn is_units(&self) -> bool {
        self.known
            .as_ref()
            .is_some_and(|known| known.column == ColumnType::BigInt)
    }

    /// Returns the type as source text, without the `Option`.
    pub(crate) fn name(&self) -> String {
        type_text(&self.value)
    }

    /// Returns whether the type contains a reference, so that it cannot be read from Arrow.
    pub(crate) fn is_borrowed(&self) -> bool {
        has_reference(self.value.to_token_stream())
    }
}

impl KnownType {
    fn plain(column: ColumnType) -> Self {
        KnownType {
            column,
            unit: None,
            is_common: false,
        }
    }

    /// Returns whether a column of type `ty` can hold the values, ignoring the unit of a time.
    pub(crate) fn fits(&self, ty: &ColumnType) -> bool {
        match (&self.column, ty) {
            (ColumnType::Text, ColumnType::Text | ColumnType::Json | ColumnType::File) => true,
            (ColumnType::Timestamp { .. }, ColumnType::Timestamp { .. } | ColumnType::DateTime) => {
                true
            }
            // The runtime checks Arrow's notation.
            (_, ColumnType::Arrow(_)) => true,
            (own, ty) => own == ty,
        }
    }
}

/// A type that no column can hold, neither directly nor inside another type.
pub(crate) struct UnsupportedType<'a> {
    pub(crate) ty: &'a Type,
    pub(crate) help: String,
}

impl UnsupportedType<'_> {
    pub(crate) fn message(&self) -> String {
        match self.ty {
            Type::Tuple(_) => "no column can hold a tuple: nested fields have names".to_string(),
            ty => format!("no column can hold `{}`", type_text(ty)),
        }
    }
}

/// Returns the standard type in `ty` that no column can hold. The compiler checks other types.
pub(crate) fn unsupported(ty: &Type) -> Option<UnsupportedType<'_>> {
    let ty = bare(ty);
    let help = match ty {
        Type::Tuple(_) => "write one field per element".to_string(),
        Type::Reference(reference) => match bare(&reference.elem) {
            text if is_named(text, "str") || is_named(text, "String") => {
                let lifetime = reference
                    .lifetime
                    .as_ref()
                    .map(|lifetime| format!("{lifetime} "));
                if reference.mutability.is_none() && is_named(text, "str") {
                    return None;
                }
                format!("write `&{}str`", lifetime.unwrap_or_default())
            }
            Type::Slice(slice) if is_named(bare(&slice.elem), "u8") => return None,
            Type::Slice(slice) => format!("write `Vec<{}>`", type_text(&slice.elem)),
            inner => format!(
                "write `{}`: only text and bytes can be borrowed",
                type_text(inner)
            ),
        },
        Type::Array(array) => return unsupported(&array.elem),
        Type::Path(_) => {
            let segment = last_segment(ty)?;
            let name = segment.ident.to_string();
            match (&*name, &types(segment)[..]) {
                ("usize", []) => {
                    "write `u64`, which has the same size on every platform".to_string()
                }
                ("isize", []) => {
                    "write `i64`, which has the same size on every platform".to_string()
                }
                ("char", []) => "write `String`".to_string(),
                ("HashSet" | "BTreeSet" | "VecDeque", [item, ..]) => {
                    format!("write `Vec<{}>`", type_text(item))
                }
                ("Rc", [inner]) if is_named(inner, "str") => "write `Arc<str>`".to_string(),
                ("Option", [inner]) if FieldType::of(inner).nullable => {
                    format!("write `{}`", type_text(inner))
                }
                ("Option" | "Vec" | "Box" | "BTreeMap" | "HashMap", inner) => {
                    return inner.iter().find_map(|ty| unsupported(ty));
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(UnsupportedType { ty, help })
}

/// Returns the type without groups and parentheses.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

fn arguments(segment: &PathSegment) -> Vec<&GenericArgument> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().collect(),
        _ => Vec::new(),
    }
}

/// Returns the arguments that are types.
fn types(segment: &PathSegment) -> Vec<&Type> {
    arguments(segment)
        .into_iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(bare(ty)),
            _ => None,
        })
        .collect()
}

fn known(ty: &Type) -> Option<KnownType> {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {
            is_named(bare(&reference.elem), "str").then(|| KnownType::plain(ColumnType::Text))
        }
        Type::Array(_) => array(ty).map(KnownType::plain),
        Type::Path(_) => named(last_segment(ty)?),
        _ => None,
    }
}

/// Returns the column type of `[u8; N]` or `[f32; N]`, where `N` is a literal.
fn array(ty: &Type) -> Option<ColumnType> {
    let Type::Array(array) = ty else { return None };
    let length = number(&array.len)?;
    let element = bare(&array.elem);
    if is_named(element, "u8") {
        Some(ColumnType::FixedBytes(length))
    } else if is_named(element, "f32") {
        Some(ColumnType::Embedding(length))
    } else {
        None
    }
}

fn named(segment: &PathSegment) -> Option<KnownType> {
    let name = segment.ident.to_string();
    let types = types(segment);
    let column = match (&*name, &arguments(segment)[..]) {
        ("bool", []) => ColumnType::Boolean,
        ("i8", []) => ColumnType::TinyInt,
        ("i16", []) => ColumnType::SmallInt,
        ("i32", []) => ColumnType::Int,
        ("i64", []) => ColumnType::BigInt,
        ("u8", []) => ColumnType::UTinyInt,
        ("u16", []) => ColumnType::USmallInt,
        ("u32", []) => ColumnType::UInt,
        ("u64", []) => ColumnType::UBigInt,
        ("f32", []) => ColumnType::Float,
        ("f64", []) => ColumnType::Double,
        ("String", []) => ColumnType::Text,
        ("Bytes", []) => ColumnType::Bytes,
        ("Uuid", []) => ColumnType::Uuid,
        ("Date", []) => ColumnType::Date,
        ("Decimal", [precision, scale]) => ColumnType::Decimal {
            precision: digits(precision)?,
            scale: digits(scale)?,
        },
        ("Box" | "Arc" | "Cow", _) => match &types[..] {
            [ty] if is_named(ty, "str") => ColumnType::Text,
            [Type::Slice(slice)] if name == "Cow" && is_named(bare(&slice.elem), "u8") => {
                ColumnType::Bytes
            }
            [ty] if name == "Box" => match array(ty)? {
                column @ ColumnType::Embedding(_) => column,
                _ => return None,
            },
            _ => return None,
        },
        ("Vec", _) => match &types[..] {
            [ty] if is_named(ty, "u8") => ColumnType::Bytes,
            _ => return None,
        },
        _ => return time(&name, &types),
    };
    Some(KnownType {
        is_common: ["Bytes", "Uuid", "Date", "Decimal"].contains(&&*name),
        ..KnownType::plain(column)
    })
}

/// Returns the type of `TimestampMillis`, `Timestamp<Millis>`, and likewise of `TimeOfDay`.
fn time(name: &str, arguments: &[&Type]) -> Option<KnownType> {
    let (is_timestamp, suffix) = match name.strip_prefix("Timestamp") {
        Some(suffix) => (true, suffix),
        None => (false, name.strip_prefix("TimeOfDay")?),
    };
    let unit = match arguments {
        [] => unit_named(suffix)?,
        [unit] if suffix.is_empty() => unit_named(&last_segment(unit)?.ident.to_string())?,
        _ => return None,
    };
    let column = if is_timestamp {
        ColumnType::Timestamp { unit, zone: None }
    } else {
        ColumnType::Time
    };
    Some(KnownType {
        column,
        unit: Some(unit),
        is_common: true,
    })
}

fn unit_named(name: &str) -> Option<TimeUnit> {
    TimeUnit::ALL
        .into_iter()
        .find(|unit| unit_type_name(*unit) == name)
}

fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name && segment.arguments.is_none())
}

fn digits(argument: &GenericArgument) -> Option<u8> {
    match argument {
        GenericArgument::Const(value) => number(value),
        _ => None,
    }
}

fn number<T: std::str::FromStr<Err: std::fmt::Display>>(value: &Expr) -> Option<T> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Group(group) => number(&group.expr),
        _ => None,
    }
}

fn has_reference(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Punct(punct) => punct.as_char() == '&',
        proc_macro2::TokenTree::Group(group) => has_reference(group.stream()),
        _ => false,
    })
}

/// Returns the source text of a type.
pub(crate) fn type_text(ty: impl ToTokens) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" ;", ";"),
        ("& ", "&"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// Returns the Rust type for a column without `Option`, or `None` if the user has to write the
/// type.
pub(crate) fn rust_type(ty: &ColumnType, unit: Option<TimeUnit>) -> Option<String> {
    if needs_own_type(ty) {
        return None;
    }
    // The name is unused, because the type contains no enum and no struct.
    let tokens = kalamtable_codegen::value_type("", ty, unit);
    Some(type_text(tokens).replace("__kalam::", ""))
}

/// Returns the fix for a Rust type that cannot hold a column of type `ty`.
pub(crate) fn help_to_hold(ty: &ColumnType, unit: Option<TimeUnit>) -> String {
    match (ty, rust_type(ty, unit)) {
        (ColumnType::Enum(labels), _) => {
            format!(
                "its labels must be {}",
                backticked_list(labels.iter(), "and")
            )
        }
        (_, Some(rust)) => format!("write `{rust}`"),
        (_, None) => "its fields must be those of the column".to_string(),
    }
}

/// Returns whether the type is or contains an enum or a struct, for which the user writes a type.
fn needs_own_type(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::Enum(_) | ColumnType::Struct(_))
        || ty.children().iter().any(|field| needs_own_type(&field.ty))
}

/// Returns `Option<ty>` for a nullable column, and `ty` otherwise.
pub(crate) fn optional(ty: String, nullable: bool) -> String {
    if nullable {
        format!("Option<{ty}>")
    } else {
        ty
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn column_types_of_rust_types() {
        let types = [
            "bool",
            "Option<i8>",
            "std::option::Option<u64>",
            "(f32)",
            "String",
            "&'a str",
            "&'a mut str",
            "Box<str>",
            "Arc<str>",
            "Cow<'a, str>",
            "Cow<'static, [u8]>",
            "Rc<str>",
            "Vec<u8>",
            "std::vec::Vec<u8>",
            "Vec<i8>",
            "Vec<Option<u8>>",
            "Bytes",
            "[u8; 16]",
            "[u8; LENGTH]",
            "[f32; 384]",
            "Box<[f32; 384]>",
            "Box<[u8; 4]>",
            "Box<Option<String>>",
            "uuid::Uuid",
            "Date",
            "TimeOfDayMicros",
            "TimeOfDay<Millis>",
            "kalamtable::TimestampNanos",
            "Timestamp<kalamtable::Seconds>",
            "Timestamp<U>",
            "jiff::Timestamp",
            "Decimal<10, 2>",
            "Decimal<P, 2>",
            "rust_decimal::Decimal",
            "i128",
            "<T as Of>::String",
        ];
        let known = types.map(|text| {
            let ty = FieldType::of(&syn::parse_str(text).unwrap());
            let null = if ty.nullable { " null" } else { "" };
            match ty.known {
                Some(KnownType { column, unit, .. }) => match unit {
                    Some(unit) => format!("{text}: {column}{null}, in {}\n", unit.as_str()),
                    None => format!("{text}: {column}{null}\n"),
                },
                None => format!("{text}: inferred{null}\n"),
            }
        });
        expect![[r#"
            bool: boolean
            Option<i8>: tinyint null
            std::option::Option<u64>: ubigint null
            (f32): float
            String: text
            &'a str: text
            &'a mut str: inferred
            Box<str>: text
            Arc<str>: text
            Cow<'a, str>: text
            Cow<'static, [u8]>: bytes
            Rc<str>: inferred
            Vec<u8>: bytes
            std::vec::Vec<u8>: bytes
            Vec<i8>: inferred
            Vec<Option<u8>>: inferred
            Bytes: bytes
            [u8; 16]: bytes(16)
            [u8; LENGTH]: inferred
            [f32; 384]: embedding(384)
            Box<[f32; 384]>: embedding(384)
            Box<[u8; 4]>: inferred
            Box<Option<String>>: inferred
            uuid::Uuid: uuid
            Date: date
            TimeOfDayMicros: time, in us
            TimeOfDay<Millis>: time, in ms
            kalamtable::TimestampNanos: timestamp(ns), in ns
            Timestamp<kalamtable::Seconds>: timestamp(s), in s
            Timestamp<U>: inferred
            jiff::Timestamp: inferred
            Decimal<10, 2>: decimal(10, 2)
            Decimal<P, 2>: inferred
            rust_decimal::Decimal: inferred
            i128: inferred
            <T as Of>::String: inferred
        "#]]
        .assert_eq(&known.concat());
    }
}
