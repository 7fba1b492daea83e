// SPDX-License-Identifier: Apache-2.0

//! The tokens of a derive: what the generator makes of the table, and checks that only the compiler
//! can do.

use std::path::Path;

use kalamtable_codegen::{
    Access, ColumnField, ColumnTokens, Derived, FlattenedField, Held, RowFields, Time, type_tokens,
};
use kalamtable_model::rust_names::{snake_case, view_name};
use kalamtable_model::{Column, ColumnType, TableDefinition};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::DeriveInput;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::attributes::{StructAttributes, TableSource};
use crate::problems::Problems;
use crate::row::{RowField, RowStruct};
use crate::rust_type::FieldType;
use crate::{schema, source};

/// A table, and how a struct is its row.
pub(crate) struct TableOfRow {
    pub(crate) definition: TableDefinition,
    /// In the order of the definition's columns.
    pub(crate) columns: Vec<ColumnField>,
    /// Those that are several columns each, which the definition does not have.
    pub(crate) flattened: Vec<FlattenedField>,
    /// One for each column, or none at all.
    pub(crate) overrides: Vec<ColumnTokens>,
    /// Items in a scope where `__kalam` is the runtime's `__private`.
    pub(crate) checks: TokenStream,
    /// The file that the definition is compared with in a test.
    pub(crate) freeze: Option<String>,
}

/// Expands `#[derive(KalamTable)]` in a package whose folder is `folder`.
///
/// # Errors
/// Every problem of the struct and its attributes; if they have none, every problem of the table.
pub(crate) fn kalam_table(input: &DeriveInput, folder: &Path) -> syn::Result<TokenStream> {
    let mut problems = Problems::default();
    let attributes = StructAttributes::read(&input.attrs, &input.ident, &mut problems);
    let row = RowStruct::read(input, &mut problems);
    let (Some(attributes), Some(row)) = (attributes, row) else {
        return Err(problems.into_error());
    };
    row.check_parameters(&mut problems);
    row.check_view(attributes.view.as_ref(), &mut problems);
    // What is misspelt would look missing to the next stage.
    if !problems.is_empty() {
        return Err(problems.into_error());
    }
    let table = match &attributes.source {
        TableSource::Struct(table) => source::table(&row, table, &mut problems),
        TableSource::Schema(path) => schema::table(&row, path, folder, &mut problems),
    };
    match table {
        Some(table) if problems.is_empty() => Ok(expansion(row, &table, &attributes)),
        _ => Err(problems.into_error()),
    }
}

fn expansion(row: RowStruct, table: &TableOfRow, attributes: &StructAttributes) -> TokenStream {
    let runtime = &attributes.runtime;
    let test = table
        .freeze
        .as_ref()
        .map(|path| frozen_test(&row, path, runtime));
    let (columns, flattened) = (table.columns.clone(), table.flattened.clone());
    let fields = row.into_fields(attributes.view.clone(), columns, flattened);
    let derived =
        kalamtable_codegen::derived(&table.definition, &fields, &table.overrides, runtime);
    let tokens = beside(derived, &table.checks, runtime);
    quote!(#tokens #test)
}

/// What stands beside a struct: its view, and a block of everything else.
pub(crate) fn beside(derived: Derived, checks: &TokenStream, runtime: &TokenStream) -> TokenStream {
    let Derived { view, items } = derived;
    // A program need not read every field of a view that it did not ask for.
    let allow = (!view.is_empty()).then(|| quote!(#[allow(dead_code)]));
    quote! {
        #allow
        #view
        const _: () = {
            use #runtime::__private as __kalam;
            #items
            #checks
        };
    }
}

impl RowStruct {
    /// Reports a `view` where there is none.
    pub(crate) fn check_view(&self, view: Option<&Ident>, problems: &mut Problems) {
        if let Some(view) = view.filter(|_| self.is_borrowed()) {
            let help = "delete `view`, or let the fields own what they hold";
            let message = format!("`{}` borrows, and has no view", self.name);
            problems.push(view, &message, help);
        }
    }

    /// The struct as the generator takes it.
    pub(crate) fn into_fields(
        self,
        view: Option<Ident>,
        columns: Vec<ColumnField>,
        flattened: Vec<FlattenedField>,
    ) -> RowFields {
        let view = view.unwrap_or_else(|| {
            let view = view_name(&self.name.unraw().to_string());
            Ident::new(&view, self.name.span())
        });
        let access = if self.is_borrowed() {
            Access::WriteOnly
        } else {
            Access::ReadWrite
        };
        RowFields {
            row: self.name,
            parameters: self.parameters,
            visibility: self.visibility.into_token_stream(),
            view,
            columns,
            flattened,
            skipped: self.skipped,
            access,
        }
    }
}

/// A test stands beside the struct: inside the block no test is found.
fn frozen_test(row: &RowStruct, path: &str, runtime: &TokenStream) -> TokenStream {
    let strukt = &row.name;
    let name = snake_case(&strukt.unraw().to_string());
    let name = format!("{}_is_frozen", name.trim_start_matches("r#"));
    let name = Ident::new(&name, strukt.span());
    let lifetimes = row.parameters.used.iter().map(|_| quote!('static));
    quote! {
        #[cfg(test)]
        #[test]
        fn #name() {
            #runtime::__private::assert_frozen(
                <#strukt<#(#lifetimes),*> as #runtime::__private::ToArrow>::TABLE,
                env!("CARGO_MANIFEST_DIR"),
                #path,
            );
        }
    }
}

impl RowField {
    /// The field as the generator takes it, as one for `column`.
    pub(crate) fn to_column(&self, column: &Column) -> ColumnField {
        let docs = match &column.comment {
            _ if !self.docs.is_empty() => self.docs.clone(),
            Some(comment) => comment.lines().map(|line| format!(" {line}")).collect(),
            None => vec![format!(" Column `{}`.", column.name)],
        };
        ColumnField {
            name: self.name.clone(),
            visibility: self.visibility.to_token_stream(),
            ty: self.tokens.clone(),
            held: self.held(column),
            is_known: self.ty.known.is_some(),
            docs,
        }
    }

    /// How it holds its value: as the units of a time if it is a bare number.
    fn held(&self, column: &Column) -> Held {
        match column.unit.or(column.ty.time_unit()) {
            Some(unit) if self.ty.is_units() => Held::Units(match column.ty {
                ColumnType::Time => Time::TimeOfDay(unit),
                _ => Time::Timestamp(unit),
            }),
            _ => Held::AsIs,
        }
    }

    /// Where checks of its type are shown.
    fn type_span(&self) -> Span {
        self.ty.span()
    }

    /// The check `name` of the runtime, shown at its type.
    pub(crate) fn const_check(
        &self,
        name: &str,
        constants: &[(&str, &str, &TokenStream)],
        message: &str,
    ) -> TokenStream {
        const_check(self.ty.value.span(), name, constants, message)
    }

    /// The column type that its Rust type stands for, nested ids above the type `base`.
    pub(crate) fn natural_type(&self, base: &TokenStream) -> TokenStream {
        let span = self.type_span();
        let ty = self.ty.to_static();
        quote_spanned!(span=> <#ty as __kalam::TypeAt<#base>>::TYPE)
    }

    /// What only the compiler knows of whether the field can hold a column of type `declared`: all of
    /// it for a type that is not known by its name, else whether the name means what it seems to.
    pub(crate) fn holds_check(&self, declared: &ColumnType, message: &str) -> Option<TokenStream> {
        let (expected, message) = match &self.ty.known {
            // What Arrow's own notation means is only known when the program runs.
            None if matches!(declared, ColumnType::Arrow(_)) => return None,
            None => (declared, message.to_string()),
            Some(known) if known.is_common => {
                let message = format!(
                    "`{}` is taken for the type of that name that is `{}`, and is another one\n\
                     help: `use` it under another name",
                    self.ty.name(),
                    known.column
                );
                (&known.column, message)
            }
            Some(_) => return None,
        };
        let natural = self.natural_type(&quote!(__kalam::Ids<{ 0 }>));
        let constants = [
            ("NATURAL", "ColumnType", &natural),
            ("EXPECTED", "ColumnType", &type_tokens(expected)),
        ];
        Some(self.const_check("assert_holds", &constants, &message))
    }
}

impl FieldType {
    /// The type of the values, for a place outside the struct's lifetimes.
    pub(crate) fn to_static(&self) -> TokenStream {
        with_static_lifetimes(self.value.to_token_stream())
    }

    /// Where what the compiler finds out about the type is shown.
    pub(crate) fn span(&self) -> Span {
        self.value.span().resolved_at(Span::call_site())
    }
}

/// The check `name` of the runtime, as a constant of its own that is shown at `span`. `constants` are
/// what it is passed, each a name, a type of the model and a value.
pub(crate) fn const_check(
    span: Span,
    name: &str,
    constants: &[(&str, &str, &TokenStream)],
    message: &str,
) -> TokenStream {
    let span = span.resolved_at(Span::call_site());
    let name = Ident::new(name, span);
    let arguments: Vec<Ident> = constants
        .iter()
        .map(|(name, ..)| Ident::new(name, span))
        .collect();
    let types = constants.iter().map(|(_, ty, _)| Ident::new(ty, span));
    let values = constants.iter().map(|(.., value)| value);
    let call = quote_spanned!(span=> __kalam::#name(#(#arguments,)* #message));
    // Constants, because a temporary that has a destructor cannot end in one.
    quote! {
        const _: () = {
            #(const #arguments: &__kalam::model::#types = &#values;)*
            #call;
        };
    }
}

fn with_static_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut is_lifetime = false;
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Punct(punct) => {
            is_lifetime = punct.as_char() == '\'';
            TokenTree::Punct(punct)
        }
        TokenTree::Ident(name) if is_lifetime => {
            is_lifetime = false;
            TokenTree::Ident(Ident::new("static", name.span()))
        }
        TokenTree::Group(group) => {
            let inner = with_static_lifetimes(group.stream());
            let mut inner = proc_macro2::Group::new(group.delimiter(), inner);
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        token => token,
    });
    tokens.collect()
}
