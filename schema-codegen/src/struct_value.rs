// SPDX-License-Identifier: Apache-2.0

//! The impls that let a column hold a struct with named fields.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::fields::GenericParameters;
use crate::names::locals;

/// A struct inside a column.
pub(crate) struct ValueStruct<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) parameters: &'a GenericParameters,
    pub(crate) view: &'a Ident,
    /// The names and types of its fields, in the order of the column type.
    pub(crate) members: Vec<(&'a Ident, &'a dyn ToTokens)>,
    /// The fields that are not part of the column type.
    pub(crate) skipped: &'a [Ident],
}

impl ValueStruct<'_> {
    /// Generates `impl Fields` and `impl Value`.
    pub(crate) fn value_impls(&self) -> TokenStream {
        let fields = self
            .parameters
            .header(&quote!(__kalam::Fields), self.name, &[]);
        let value = self
            .parameters
            .header(&quote!(__kalam::Value), self.name, &[]);
        let count = self.members.len();
        let positions: Vec<Literal> = (0..count).map(Literal::usize_unsuffixed).collect();
        let (names, types) = (self.names(), self.types());
        quote! {
            #[automatically_derived]
            #fields {
                const COUNT: usize = #count;

                fn append_field(
                    structs: &[&Self],
                    position: usize,
                    column: &mut __kalam::ColumnBuilder,
                ) -> __kalam::Result<(), __kalam::ValueError> {
                    match position {
                        #(#positions => column.append::<#types, _>(structs, |it| {
                            __kalam::Element::cell(&it.#names)
                        }),)*
                        _ => column.missing(),
                    }
                }

                fn append_optional_field(
                    structs: &[__kalam::Option<&Self>],
                    position: usize,
                    column: &mut __kalam::ColumnBuilder,
                ) -> __kalam::Result<(), __kalam::ValueError> {
                    match position {
                        #(#positions => column.append_optional::<#types, _>(structs, |it| {
                            __kalam::Element::cell(&it.#names)
                        }),)*
                        _ => column.missing(),
                    }
                }
            }

            #[automatically_derived]
            #value {
                type Cell<'cell> = &'cell Self where Self: 'cell;
                type Builder = __kalam::StructBuilder;

                fn cell(&self) -> &Self {
                    self
                }

                fn builder(
                    ty: &__kalam::DataType,
                    capacity: usize,
                ) -> __kalam::Result<<Self as __kalam::Value>::Builder, __kalam::ValueError> {
                    __kalam::StructBuilder::try_new(ty, capacity, #count)
                }

                fn append(
                    builder: &mut <Self as __kalam::Value>::Builder,
                    cells: &[&Self],
                ) -> __kalam::Result<(), __kalam::ValueError> {
                    builder.append(cells)
                }

                fn append_nullable(
                    builder: &mut <Self as __kalam::Value>::Builder,
                    cells: &[__kalam::Option<&Self>],
                ) -> __kalam::Result<(), __kalam::ValueError> {
                    builder.append_nullable(cells)
                }

                fn finish(
                    builder: <Self as __kalam::Value>::Builder,
                ) -> __kalam::Result<__kalam::ArrayRef, __kalam::ValueError> {
                    builder.finish()
                }
            }
        }
    }

    /// Generates `impl OwnedValue` for a struct that does not borrow.
    pub(crate) fn owned_value_impl(&self) -> TokenStream {
        let ValueStruct {
            name,
            view,
            skipped,
            ..
        } = self;
        let positions = (0..self.members.len()).map(Literal::usize_unsuffixed);
        let (names, types) = (self.names(), self.types());
        let readers = locals(names.len());
        quote! {
            #[automatically_derived]
            impl __kalam::OwnedValue for #name {
                type Reader = (#(__kalam::FieldReader<#types>,)*);
                type View<'a> = #view<'a>;

                fn reader(
                    array: &__kalam::ArrayRef,
                    ty: &__kalam::DataType,
                ) -> __kalam::Result<<Self as __kalam::OwnedValue>::Reader, __kalam::ValueError> {
                    let fields = __kalam::StructFields::try_new(array, ty)?;
                    __kalam::Result::Ok((#(fields.reader::<#types>(#positions)?,)*))
                }

                fn read(
                    reader: &<Self as __kalam::OwnedValue>::Reader,
                    index: usize,
                ) -> __kalam::Result<Self, __kalam::ValueError> {
                    let (#(#readers,)*) = reader;
                    __kalam::Result::Ok(Self {
                        #(#names: #readers.read(index)?,)*
                        #(#skipped: __kalam::skipped(),)*
                    })
                }

                fn view(
                    reader: &<Self as __kalam::OwnedValue>::Reader,
                    index: usize,
                ) -> __kalam::Result<<Self as __kalam::OwnedValue>::View<'_>, __kalam::ValueError> {
                    let (#(#readers,)*) = reader;
                    __kalam::Result::Ok(#view { #(#names: #readers.view(index)?),* })
                }
            }
        }
    }

    /// Generates `impl OwnedFields` for a struct that does not borrow: a row that flattens the
    /// struct reads its fields as columns.
    pub(crate) fn owned_fields_impl(&self) -> TokenStream {
        let ValueStruct {
            name,
            view,
            skipped,
            ..
        } = self;
        let positions = (0..self.members.len()).map(Literal::usize_unsuffixed);
        let (names, types) = (self.names(), self.types());
        let readers = locals(names.len());
        quote! {
            #[automatically_derived]
            impl __kalam::OwnedFields for #name {
                type Readers = (#(__kalam::ColumnReader<#types>,)*);

                fn readers(
                    columns: &__kalam::Columns<'_>,
                    first: usize,
                ) -> __kalam::Result<<Self as __kalam::OwnedFields>::Readers, __kalam::RowError> {
                    __kalam::Result::Ok((#(columns.reader::<#types>(first + #positions)?,)*))
                }

                fn read_fields(
                    readers: &<Self as __kalam::OwnedFields>::Readers,
                    row: usize,
                ) -> __kalam::Result<Self, __kalam::RowError> {
                    let (#(#readers,)*) = readers;
                    __kalam::Result::Ok(Self {
                        #(#names: #readers.read(row)?,)*
                        #(#skipped: __kalam::skipped(),)*
                    })
                }

                fn view_fields(
                    readers: &<Self as __kalam::OwnedFields>::Readers,
                    row: usize,
                ) -> __kalam::Result<<Self as __kalam::OwnedValue>::View<'_>, __kalam::RowError> {
                    let (#(#readers,)*) = readers;
                    __kalam::Result::Ok(#view { #(#names: #readers.view(row)?),* })
                }
            }
        }
    }

    fn names(&self) -> Vec<&Ident> {
        self.members.iter().map(|(name, _)| *name).collect()
    }

    fn types(&self) -> Vec<&dyn ToTokens> {
        self.members.iter().map(|(_, ty)| *ty).collect()
    }
}
