// SPDX-License-Identifier: Apache-2.0

//! `impl RowKey` and `impl KeyedRow`: comparisons of rows by primary key.

use kalamtable_model::TableDefinition;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

use crate::fields::{ColumnField, FieldRepresentation, RowFields};
use crate::names::locals;

/// Generates `impl RowKey`, and `impl KeyedRow` if the table has a primary key.
pub(crate) fn tokens(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let key: Vec<KeyField<'_>> = definition
        .key_columns()
        .iter()
        .map(|&index| KeyField {
            index,
            field: &fields.columns[index],
            nullable: definition.columns()[index].nullable,
        })
        .collect();
    let mut bounds = fields.parameters.self_bound(quote!('static));
    bounds.extend(fields.bounds(&quote!(__kalam)));
    let header = fields
        .parameters
        .header(&quote!(__kalam::RowKey), &fields.row, &bounds);
    if key.is_empty() {
        let body = no_key();
        return quote! {
            #[automatically_derived]
            #header { #body }
        };
    }
    let prefixes = prefixes(fields, &key);
    let comparisons = comparisons(&key);
    let keyed_row = keyed_row(fields, &key);
    quote! {
        #[automatically_derived]
        #header {
            #prefixes
            #comparisons
        }
        #keyed_row
    }
}

/// A column of the primary key.
struct KeyField<'a> {
    /// Its index in the definition.
    index: usize,
    field: &'a ColumnField,
    nullable: bool,
}

/// Generates the items of `RowKey` for a table without a primary key, whose rows compare as equal.
fn no_key() -> TokenStream {
    quote! {
        type Prefix = ();
        const IN_SQL_ORDER: bool = false;

        fn read_prefixes(
            _batch: &__kalam::RecordBatch,
            _count: usize,
        ) -> __kalam::Result<__kalam::Vec<()>, __kalam::RowError> {
            __kalam::Result::Ok(__kalam::Vec::new())
        }

        fn compare_prefix(&self, (): &()) -> __kalam::Ordering {
            __kalam::Ordering::Equal
        }

        fn compare_keys(&self, _other: &Self) -> __kalam::Ordering {
            __kalam::Ordering::Equal
        }
    }
}

/// Generates the type of key prefixes, and the function that reads them from a batch.
fn prefixes(fields: &RowFields, key: &[KeyField<'_>]) -> TokenStream {
    let kalam = quote!(__kalam);
    let types = key.iter().map(|column| &column.field.ty);
    let elements: Vec<TokenStream> = key
        .iter()
        .map(|column| column.field.element(column.nullable, &kalam))
        .collect();
    let orders =
        distinct(&elements).map(|element| quote!(<#element as __kalam::Value>::IN_SQL_ORDER));
    let readers = locals(key.len());
    let numbered = key.iter().zip(&elements).zip(&readers).enumerate();
    let creates = numbered.map(|(number, ((column, element), reader))| {
        let position = fields.position_of_column(column.index, &kalam);
        let number = Literal::usize_unsuffixed(number);
        quote! {
            let #reader =
                __kalam::KeyReader::<#element>::try_new(&columns, #position, #number, count)?;
        }
    });
    let reads =
        key.iter()
            .zip(&readers)
            .map(|(column, reader)| match column.field.representation {
                FieldRepresentation::Value => quote!(#reader.read(row)?),
                FieldRepresentation::Units(_) => {
                    quote!(#reader.read(row)?.map(|value| value.get()))
                }
            });
    quote! {
        type Prefix = (#(__kalam::Option<#types>,)*);
        const IN_SQL_ORDER: bool = #(#orders)&&*;

        fn read_prefixes(
            batch: &__kalam::RecordBatch,
            count: usize,
        ) -> __kalam::Result<__kalam::Vec<<Self as __kalam::RowKey>::Prefix>, __kalam::RowError> {
            let columns = __kalam::Columns::by_name(&TABLE, batch);
            #(#creates)*
            let mut prefixes = __kalam::Vec::with_capacity(batch.num_rows());
            for row in 0..batch.num_rows() {
                prefixes.push((#(#reads,)*));
            }
            __kalam::Result::Ok(prefixes)
        }
    }
}

/// Returns the elements without repetitions: clippy rejects `a && a`.
fn distinct(elements: &[TokenStream]) -> impl Iterator<Item = &TokenStream> {
    let texts: Vec<String> = elements.iter().map(ToString::to_string).collect();
    elements
        .iter()
        .enumerate()
        .filter(move |(at, _)| !texts[..*at].contains(&texts[*at]))
        .map(|(_, element)| element)
}

/// Generates the comparisons of a row's key with a prefix and with the key of another row.
fn comparisons(key: &[KeyField<'_>]) -> TokenStream {
    let names: Vec<&Ident> = key.iter().map(|column| &column.field.name).collect();
    let numbers = (0..key.len()).map(Literal::usize_unsuffixed);
    let with_prefix = names
        .iter()
        .zip(numbers)
        .map(|(name, number)| quote!(__kalam::compare_part(&self.#name, &prefix.#number)));
    let with_other = names
        .iter()
        .map(|name| quote!(__kalam::Ord::cmp(&self.#name, &other.#name)));
    let (with_prefix, with_other) = (lexicographic(with_prefix), lexicographic(with_other));
    quote! {
        fn compare_prefix(&self, prefix: &<Self as __kalam::RowKey>::Prefix) -> __kalam::Ordering {
            #with_prefix
        }

        fn compare_keys(&self, other: &Self) -> __kalam::Ordering {
            #with_other
        }
    }
}

/// Generates `a.then_with(|| b).then_with(|| c)` for the comparisons `a`, `b` and `c`.
fn lexicographic(mut comparisons: impl Iterator<Item = TokenStream>) -> TokenStream {
    let first = comparisons.next();
    quote!(#first #(.then_with(|| #comparisons))*)
}

/// Generates `impl KeyedRow`: the key as a value that borrows from the row.
fn keyed_row(fields: &RowFields, key: &[KeyField<'_>]) -> TokenStream {
    let parts = key.iter().map(|column| KeyPart::of(column.field));
    let (types, values): (Vec<_>, Vec<_>) = parts.map(|part| (part.ty, part.value)).unzip();
    let (ty, value) = match (&types[..], &values[..]) {
        ([ty], [value]) => (quote!(#ty), quote!(#value)),
        _ => (quote!((#(#types),*)), quote!((#(#values),*))),
    };
    // The bound is on `Self`, so that a row that lacks `Row` is reported once and at its name.
    let row = quote_spanned!(fields.row.span()=> Self: __kalam::Row);
    let header = fields
        .parameters
        .header(&quote!(__kalam::KeyedRow), &fields.row, &[row]);
    quote! {
        #[automatically_derived]
        #header {
            type Key<'a> = #ty;

            fn key(&self) -> <Self as __kalam::KeyedRow>::Key<'_> {
                #value
            }

            fn compare_key(&self, key: &<Self as __kalam::KeyedRow>::Key<'_>) -> __kalam::Ordering {
                __kalam::Ord::cmp(&#value, key)
            }
        }
    }
}

/// The tokens for one column of a borrowed key.
struct KeyPart {
    ty: TokenStream,
    /// The expression that borrows it from `self`.
    value: TokenStream,
}

impl KeyPart {
    fn of(field: &ColumnField) -> Self {
        let (name, ty) = (&field.name, &field.ty);
        match KeyBorrow::of(field) {
            KeyBorrow::Copy => KeyPart {
                ty: quote!(#ty),
                value: quote!(self.#name),
            },
            KeyBorrow::Deref(target) => KeyPart {
                ty: quote!(&'a #target),
                value: quote!(&*self.#name),
            },
            KeyBorrow::Reference => KeyPart {
                ty: quote!(&'a #ty),
                value: quote!(&self.#name),
            },
        }
    }
}

/// The way in which a borrowed key contains a column.
enum KeyBorrow {
    /// By value, because the type is `Copy`.
    Copy,
    /// As the slice or the `str` to which the field dereferences.
    Deref(TokenStream),
    /// By reference.
    Reference,
}

/// The last path segments of types that are `Copy`.
const COPY_TYPES: [&str; 20] = [
    "bool",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "u8",
    "u16",
    "u32",
    "u64",
    "Date",
    "Decimal",
    "TimeOfDay",
    "TimeOfDayMicros",
    "Timestamp",
    "TimestampSeconds",
    "TimestampMillis",
    "TimestampMicros",
    "TimestampNanos",
    "Uuid",
];

impl KeyBorrow {
    fn of(field: &ColumnField) -> Self {
        if let FieldRepresentation::Units(_) = field.representation {
            return KeyBorrow::Copy;
        }
        // Another crate's type may have one of the names that are compared below.
        if !field.is_known {
            return KeyBorrow::Reference;
        }
        let Some(segment) = last_segment(&field.ty) else {
            return KeyBorrow::Reference;
        };
        let argument = only_argument(segment);
        let is_argument = |name: &str| argument.is_some_and(|segment| segment.ident == name);
        match &*segment.ident.to_string() {
            "String" => KeyBorrow::Deref(quote!(str)),
            "Box" | "Arc" if is_argument("str") => KeyBorrow::Deref(quote!(str)),
            "Vec" if is_argument("u8") => KeyBorrow::Deref(quote!([u8])),
            name if COPY_TYPES.contains(&name) => KeyBorrow::Copy,
            _ => KeyBorrow::Reference,
        }
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// Returns the last segment of the only generic argument, if that is a type.
fn only_argument(segment: &PathSegment) -> Option<&PathSegment> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => last_segment(ty),
        _ => None,
    }
}
