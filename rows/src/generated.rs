// SPDX-License-Identifier: Apache-2.0

//! What generated code calls, beside the traits: macros that turn the facts of a closed set or a
//! nested struct into trait impls.

/// Everything a closed set can do, from its variants and their labels.
#[doc(hidden)]
#[macro_export]
macro_rules! __closed_set {
    ($set:ident { $($variant:ident = $label:literal),* $(,)? }) => {
        impl $set {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Every label, in the order of the definition.
            pub const LABELS: &'static [&'static str] = &[$($label),*];

            /// The label: what stands in the column.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $label),*
                }
            }

            /// The value with that label, if there is one.
            pub fn from_label(label: &str) -> ::core::option::Option<Self> {
                match label {
                    $($label => ::core::option::Option::Some(Self::$variant),)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        impl ::core::fmt::Display for $set {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::core::str::FromStr for $set {
            type Err = $crate::InvalidValue;

            fn from_str(label: &str) -> ::core::result::Result<Self, Self::Err> {
                Self::from_label(label).ok_or_else(|| $crate::InvalidValue::NotALabel {
                    found: ::std::string::String::from(label),
                    labels: Self::LABELS.iter().map(::std::string::ToString::to_string).collect(),
                })
            }
        }

        impl ::core::cmp::PartialOrd for $set {
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
            }
        }

        impl ::core::cmp::Ord for $set {
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                ::core::cmp::Ord::cmp(self.as_str(), other.as_str())
            }
        }

        $crate::__private::closed_set_value!(
            $set { $($variant = $label),* } const IN_SQL_ORDER: bool = true;
        );
    };
}

/// `Value` and its kin for an enum that is a closed set, from its variants and their labels; its
/// order is that of SQL if that is said.
#[doc(hidden)]
#[macro_export]
macro_rules! __closed_set_value {
    ($set:ident { $($variant:ident = $label:literal),* $(,)? } $($order:item)?) => {
        #[automatically_derived]
        impl $crate::ClosedSet for $set {
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            const LABELS: &'static [&'static str] = &[$($label),*];

            fn label(&self) -> &'static str {
                match self {
                    $(Self::$variant => $label),*
                }
            }

            fn from_label(label: &str) -> ::core::option::Option<Self> {
                match label {
                    $($label => ::core::option::Option::Some(Self::$variant),)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        #[automatically_derived]
        impl $crate::Value for $set {
            type Cell<'a> = &'static str;
            type Builder = $crate::__private::TextBuilder;

            $($order)?

            fn cell(&self) -> &'static str {
                $crate::ClosedSet::label(self)
            }

            fn builder(
                ty: &$crate::__private::DataType,
                capacity: usize,
            ) -> ::core::result::Result<Self::Builder, $crate::ValueError> {
                <&str as $crate::Value>::builder(ty, capacity)
            }

            fn append(
                builder: &mut Self::Builder,
                cells: &[&'static str],
            ) -> ::core::result::Result<(), $crate::ValueError> {
                <&str as $crate::Value>::append(builder, cells)
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[::core::option::Option<&'static str>],
            ) -> ::core::result::Result<(), $crate::ValueError> {
                <&str as $crate::Value>::append_nullable(builder, cells)
            }

            fn finish(
                builder: Self::Builder,
            ) -> ::core::result::Result<$crate::__private::ArrayRef, $crate::ValueError> {
                <&str as $crate::Value>::finish(builder)
            }
        }

        #[automatically_derived]
        impl $crate::OwnedValue for $set {
            type Reader = $crate::__private::StringArray;
            type View<'a> = Self;

            fn reader(
                array: &$crate::__private::ArrayRef,
                ty: &$crate::__private::DataType,
            ) -> ::core::result::Result<Self::Reader, $crate::ValueError> {
                $crate::__private::text_reader(array, ty)
            }

            fn read(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::result::Result<Self, $crate::ValueError> {
                $crate::__private::read_label(reader, index)
            }

            fn view(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::result::Result<Self, $crate::ValueError> {
                $crate::__private::read_label(reader, index)
            }
        }

        #[automatically_derived]
        impl $crate::HasType for $set {}

        #[automatically_derived]
        impl<__Base: $crate::type_ids::IdBase> $crate::TypeAt<__Base> for $set {
            const TYPE: $crate::__private::model::ColumnType =
                $crate::__private::model::ColumnType::Enum($crate::__private::model::Shared::Static(
                    &[$($crate::__private::model::Shared::Static($label)),*],
                ));
        }
    };
}

/// `Value` and `Fields` for a nested struct, from its lifetimes, its fields and their positions.
#[doc(hidden)]
#[macro_export]
macro_rules! __struct_value {
    ([$($lifetimes:tt)*] $strukt:ident { $($position:literal $field:ident: $ty:ty),* $(,)? }) => {
        #[automatically_derived]
        impl<$($lifetimes)*> $crate::Fields for $strukt<$($lifetimes)*> {
            const COUNT: usize = {
                const POSITIONS: &[usize] = &[$($position),*];
                POSITIONS.len()
            };

            fn append_field(
                structs: &[&Self],
                position: usize,
                column: &mut $crate::ColumnBuilder,
            ) -> ::core::result::Result<(), $crate::ValueError> {
                match position {
                    $($position => column.append::<$ty, _>(structs, |it| {
                        $crate::Element::cell(&it.$field)
                    }),)*
                    _ => column.missing(),
                }
            }

            fn append_optional_field(
                structs: &[::core::option::Option<&Self>],
                position: usize,
                column: &mut $crate::ColumnBuilder,
            ) -> ::core::result::Result<(), $crate::ValueError> {
                match position {
                    $($position => column.append_optional::<$ty, _>(structs, |it| {
                        $crate::Element::cell(&it.$field)
                    }),)*
                    _ => column.missing(),
                }
            }
        }

        #[automatically_derived]
        impl<$($lifetimes)*> $crate::Value for $strukt<$($lifetimes)*> {
            type Cell<'cell> = &'cell Self where Self: 'cell;
            type Builder = $crate::__private::StructBuilder;

            fn cell(&self) -> &Self {
                self
            }

            fn builder(
                ty: &$crate::__private::DataType,
                capacity: usize,
            ) -> ::core::result::Result<Self::Builder, $crate::ValueError> {
                let count = <Self as $crate::Fields>::COUNT;
                $crate::__private::StructBuilder::try_new(ty, capacity, count)
            }

            fn append(
                builder: &mut Self::Builder,
                cells: &[&Self],
            ) -> ::core::result::Result<(), $crate::ValueError> {
                builder.append(cells.len(), |position, column| {
                    <Self as $crate::Fields>::append_field(cells, position, column)
                })
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[::core::option::Option<&Self>],
            ) -> ::core::result::Result<(), $crate::ValueError> {
                builder.append_nullable(cells, |position, column| {
                    <Self as $crate::Fields>::append_optional_field(cells, position, column)
                })
            }

            fn finish(
                builder: Self::Builder,
            ) -> ::core::result::Result<$crate::__private::ArrayRef, $crate::ValueError> {
                builder.finish()
            }
        }
    };
}

/// `OwnedValue` for a nested struct, from its fields, their positions, and the names of those that
/// are no columns. The type of its views, which has the same fields, is there already.
#[doc(hidden)]
#[macro_export]
macro_rules! __owned_struct_value {
    (
        $strukt:ident, $view:ident { $($position:literal $field:ident: $ty:ty),* $(,)? }
        $($skipped:ident)*
    ) => {
        #[automatically_derived]
        impl $crate::OwnedValue for $strukt {
            type Reader = ($($crate::__private::FieldReader<$ty>,)*);
            type View<'a> = $view<'a>;

            fn reader(
                array: &$crate::__private::ArrayRef,
                ty: &$crate::__private::DataType,
            ) -> ::core::result::Result<Self::Reader, $crate::ValueError> {
                let fields = $crate::__private::StructFields::try_new(array, ty)?;
                ::core::result::Result::Ok(($(fields.reader::<$ty>($position)?,)*))
            }

            fn read(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::result::Result<Self, $crate::ValueError> {
                let ($($field,)*) = reader;
                ::core::result::Result::Ok(Self {
                    $($field: $field.read(index)?,)*
                    $($skipped: $crate::__private::skipped(),)*
                })
            }

            fn view(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::result::Result<Self::View<'_>, $crate::ValueError> {
                let ($($field,)*) = reader;
                ::core::result::Result::Ok($view { $($field: $field.view(index)?),* })
            }
        }
    };
}

/// `OwnedFields` for a nested struct; takes what
/// [`__owned_struct_value`](crate::__owned_struct_value) does.
#[doc(hidden)]
#[macro_export]
macro_rules! __owned_fields {
    (
        $strukt:ident, $view:ident { $($position:literal $field:ident: $ty:ty),* $(,)? }
        $($skipped:ident)*
    ) => {
        #[automatically_derived]
        impl $crate::OwnedFields for $strukt {
            type Readers = ($($crate::ColumnReader<$ty>,)*);

            fn readers(
                columns: &$crate::Columns<'_>,
                first: usize,
            ) -> ::core::result::Result<Self::Readers, $crate::RowError> {
                ::core::result::Result::Ok(($(columns.reader::<$ty>(first + $position)?,)*))
            }

            fn read_fields(
                readers: &Self::Readers,
                row: usize,
            ) -> ::core::result::Result<Self, $crate::RowError> {
                let ($($field,)*) = readers;
                ::core::result::Result::Ok(Self {
                    $($field: $field.read(row)?,)*
                    $($skipped: $crate::__private::skipped(),)*
                })
            }

            fn view_fields(
                readers: &Self::Readers,
                row: usize,
            ) -> ::core::result::Result<Self::View<'_>, $crate::RowError> {
                let ($($field,)*) = readers;
                ::core::result::Result::Ok($view { $($field: $field.view(row)?),* })
            }
        }
    };
}

/// `Value` and its kin for a struct around one field, which is held as that field is; with what is
/// asked for that the field's type may be held, and may say its type at `__Base`.
#[doc(hidden)]
#[macro_export]
macro_rules! __newtype_value {
    ($newtype:ident, $member:tt: $ty:ty where [$($held:tt)*] [$($typed:tt)*]) => {
        #[automatically_derived]
        impl $crate::Value for $newtype
        where
            $($held)*
        {
            type Cell<'a> = <$ty as $crate::Value>::Cell<'a>;
            type Builder = <$ty as $crate::Value>::Builder;

            fn cell(&self) -> Self::Cell<'_> {
                $crate::Value::cell(&self.$member)
            }

            fn builder(
                ty: &$crate::__private::DataType,
                capacity: usize,
            ) -> ::core::result::Result<Self::Builder, $crate::ValueError> {
                <$ty as $crate::Value>::builder(ty, capacity)
            }

            fn append(
                builder: &mut Self::Builder,
                cells: &[Self::Cell<'_>],
            ) -> ::core::result::Result<(), $crate::ValueError> {
                <$ty as $crate::Value>::append(builder, cells)
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[::core::option::Option<Self::Cell<'_>>],
            ) -> ::core::result::Result<(), $crate::ValueError> {
                <$ty as $crate::Value>::append_nullable(builder, cells)
            }

            fn finish(
                builder: Self::Builder,
            ) -> ::core::result::Result<$crate::__private::ArrayRef, $crate::ValueError> {
                <$ty as $crate::Value>::finish(builder)
            }
        }

        #[automatically_derived]
        impl $crate::OwnedValue for $newtype
        where
            $($held)*
        {
            type Reader = <$ty as $crate::OwnedValue>::Reader;
            type View<'a> = <$ty as $crate::OwnedValue>::View<'a>;

            fn reader(
                array: &$crate::__private::ArrayRef,
                ty: &$crate::__private::DataType,
            ) -> ::core::result::Result<Self::Reader, $crate::ValueError> {
                <$ty as $crate::OwnedValue>::reader(array, ty)
            }

            fn read(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::result::Result<Self, $crate::ValueError> {
                let value = <$ty as $crate::OwnedValue>::read(reader, index)?;
                ::core::result::Result::Ok(Self { $member: value })
            }

            fn view(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::result::Result<Self::View<'_>, $crate::ValueError> {
                <$ty as $crate::OwnedValue>::view(reader, index)
            }

            #[inline]
            fn read_slot(reader: &Self::Reader, index: usize) -> ::core::option::Option<Self> {
                let value = <$ty as $crate::OwnedValue>::read_slot(reader, index)?;
                ::core::option::Option::Some(Self { $member: value })
            }

            #[inline]
            fn view_slot(
                reader: &Self::Reader,
                index: usize,
            ) -> ::core::option::Option<Self::View<'_>> {
                <$ty as $crate::OwnedValue>::view_slot(reader, index)
            }
        }

        #[automatically_derived]
        impl $crate::HasType for $newtype
        where
            $($held)*
        {
            const IDS: i32 = <$ty as $crate::HasType>::IDS;
        }

        #[automatically_derived]
        impl<__Base: $crate::type_ids::IdBase> $crate::TypeAt<__Base> for $newtype
        where
            $($held)*,
            $($typed)*
        {
            const TYPE: $crate::__private::model::ColumnType = <$ty as $crate::TypeAt<__Base>>::TYPE;
        }
    };
}
