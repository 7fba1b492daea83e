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
            type Err = $crate::Problem;

            fn from_str(label: &str) -> ::core::result::Result<Self, Self::Err> {
                Self::from_label(label).ok_or_else(|| $crate::Problem::NotALabel {
                    found: ::std::string::String::from(label),
                    labels: Self::LABELS,
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

        impl $crate::Value for $set {
            type Reader = $crate::__private::StringArray;

            fn build(
                values: &[::core::option::Option<&Self>],
                ty: &$crate::__private::DataType,
                nullable: bool,
            ) -> ::core::result::Result<$crate::__private::ArrayRef, $crate::ValueError> {
                $crate::__private::build_labels(values, ty, nullable, |value| value.as_str())
            }

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
                $crate::__private::read_text(reader, index, Self::LABELS, Self::from_label)
            }
        }
    };
}

/// `Value` for a nested struct, from its fields and their positions.
#[doc(hidden)]
#[macro_export]
macro_rules! __struct_value {
    ($strukt:ident { $($position:literal $field:ident: $ty:ty),* $(,)? }) => {
        impl $crate::Value for $strukt {
            type Reader = ($(
                $crate::__private::FieldReader<
                    <<$ty as $crate::Element>::Value as $crate::Value>::Reader,
                >,
            )*);

            fn build(
                values: &[::core::option::Option<&Self>],
                ty: &$crate::__private::DataType,
                nullable: bool,
            ) -> ::core::result::Result<$crate::__private::ArrayRef, $crate::ValueError> {
                $crate::__private::build_struct(values, ty, nullable, |fields| {
                    ::core::result::Result::Ok(::std::vec![$(
                        fields.build(values, $position, |value| &value.$field)?
                    ),*])
                })
            }

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
                ::core::result::Result::Ok(Self { $($field: $field.read(index)?),* })
            }
        }
    };
}
