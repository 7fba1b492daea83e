// SPDX-License-Identifier: Apache-2.0

//! Maps: `BTreeMap` and `HashMap`.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StructArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields};

use super::list::{append_elements, append_offsets, block_offsets, bounds};
use super::{
    BuilderOf, Element, ElementReader, OwnedElement, OwnedValue, ReaderOf, Validity, Value,
};
use crate::error::{InvalidValue, PathSegment, ValueError, mismatch};

/// Builds an array of maps.
#[derive(Debug)]
pub struct MapBuilder<K, V> {
    entries: FieldRef,
    fields: Fields,
    offsets: Vec<i32>,
    keys: K,
    values: V,
    validity: Validity,
}

impl<K, V> MapBuilder<K, V> {
    fn try_new<KE, VE>(ty: &DataType, capacity: usize) -> Result<Self, ValueError>
    where
        KE: Value<Builder = K>,
        VE: Element<Value: Value<Builder = V>>,
    {
        let (entries, fields) = map_entries(ty)?;
        let mut offsets = Vec::with_capacity(capacity + 1);
        offsets.push(0);
        Ok(MapBuilder {
            entries: Arc::clone(entries),
            fields: fields.clone(),
            offsets,
            keys: KE::builder(fields[0].data_type(), capacity)
                .map_err(|error| error.under(PathSegment::Key))?,
            values: VE::Value::builder(fields[1].data_type(), capacity)
                .map_err(|error| error.under(PathSegment::Item))?,
            validity: Validity::default(),
        })
    }

    /// Appends maps, from functions that return the number of entries and the entries of a map.
    fn append<'a, M: Copy, KE, VE, I>(
        &mut self,
        cells: &[Option<M>],
        length: impl Fn(M) -> usize,
        pairs: impl Fn(M) -> I,
    ) -> Result<(), ValueError>
    where
        KE: Value<Builder = K> + 'a,
        VE: Element<Value: Value<Builder = V>> + 'a,
        I: Iterator<Item = (&'a KE, &'a VE)>,
    {
        let begin = self.offsets.len() - 1;
        let lengths = cells.iter().map(|cell| cell.map_or(0, &length));
        append_offsets(&mut self.offsets, lengths)?;
        let entries: Vec<(&KE, &VE)> = cells.iter().flatten().flat_map(|m| pairs(*m)).collect();
        let in_list = |error: ValueError| error.in_list(&block_offsets(&self.offsets, begin));
        append_elements::<KE>(&mut self.keys, entries.iter().map(|(key, _)| *key))
            .map_err(in_list)?;
        append_elements::<VE>(&mut self.values, entries.iter().map(|(_, value)| *value))
            .map_err(in_list)?;
        self.validity.append(cells);
        Ok(())
    }

    fn finish<KE, VE>(self) -> Result<ArrayRef, ValueError>
    where
        KE: Value<Builder = K>,
        VE: Element<Value: Value<Builder = V>>,
    {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let keys = KE::finish(self.keys)?;
        let values = VE::Value::finish(self.values)?;
        let nulls = self.validity.finish();
        StructArray::try_new(self.fields, vec![keys, values], None)
            .and_then(|pairs| MapArray::try_new(self.entries, offsets, pairs, nulls, false))
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(ValueError::from)
    }
}

/// Returns the entries field of a map type, and the two fields of an entry: key and value.
fn map_entries(ty: &DataType) -> Result<(&FieldRef, &Fields), ValueError> {
    if let DataType::Map(entries, _) = ty
        && let DataType::Struct(fields) = entries.data_type()
        && fields.len() == 2
    {
        return Ok((entries, fields));
    }
    Err(ValueError::whole(InvalidValue::NotAMap {
        found: ty.clone(),
    }))
}

/// Reads maps.
#[derive(Debug)]
pub struct MapReader<K, V> {
    offsets: OffsetBuffer<i32>,
    keys: ElementReader<K>,
    values: ElementReader<V>,
}

impl<K, V> MapReader<K, V> {
    fn try_new<KE, VE>(array: &ArrayRef, ty: &DataType) -> Result<Self, ValueError>
    where
        KE: OwnedValue<Reader = K>,
        VE: OwnedElement<Value: OwnedValue<Reader = V>>,
    {
        let (_, fields) = map_entries(ty)?;
        let map = array
            .as_map_opt()
            .ok_or_else(|| mismatch(array.data_type(), ty))?;
        Ok(MapReader {
            offsets: map.offsets().clone(),
            keys: ElementReader::try_new::<KE>(map.keys(), fields[0].data_type())
                .map_err(|error| error.under(PathSegment::Key))?,
            values: ElementReader::try_new::<VE>(map.values(), fields[1].data_type())
                .map_err(|error| error.under(PathSegment::Item))?,
        })
    }

    /// Calls `insert` with each entry of a map. It returns `false` for a key that it has seen
    /// before.
    fn read<KE, VE>(
        &self,
        index: usize,
        mut insert: impl FnMut(KE, VE) -> bool,
    ) -> Result<(), ValueError>
    where
        KE: OwnedValue<Reader = K>,
        VE: OwnedElement<Value: OwnedValue<Reader = V>>,
    {
        for entry in bounds(&self.offsets, index) {
            let in_map = |error: ValueError| error.in_list(&self.offsets);
            let key = self.keys.read::<KE>(entry).map_err(in_map)?;
            let value = self.values.read::<VE>(entry).map_err(in_map)?;
            if !insert(key, value) {
                return Err(in_map(ValueError::new(
                    entry,
                    InvalidValue::DuplicateMapKey,
                )));
            }
        }
        Ok(())
    }
}

macro_rules! map_values {
    ($([$map:ty] [$($write:tt)*] [$($read:tt)*] $new:expr;)*) => {$(
        impl<$($write)*> Value for $map {
            type Cell<'a> = &'a Self where Self: 'a;
            type Builder = MapBuilder<K::Builder, BuilderOf<E>>;

            #[inline]
            fn cell(&self) -> &Self {
                self
            }

            fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
                MapBuilder::try_new::<K, E>(ty, capacity)
            }

            fn append(builder: &mut Self::Builder, cells: &[&Self]) -> Result<(), ValueError> {
                let cells: Vec<Option<&Self>> = cells.iter().map(|cell| Some(*cell)).collect();
                Self::append_nullable(builder, &cells)
            }

            fn append_nullable(
                builder: &mut Self::Builder,
                cells: &[Option<&Self>],
            ) -> Result<(), ValueError> {
                builder.append(cells, |map: &Self| map.len(), |map: &Self| map.iter())
            }

            fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
                builder.finish::<K, E>()
            }
        }

        impl<$($read)*> OwnedValue for $map {
            type Reader = MapReader<K::Reader, ReaderOf<E>>;
            type View<'a> = MapEntries<'a, K, E>;

            fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
                MapReader::try_new::<K, E>(array, ty)
            }

            fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
                let mut map: Self = $new;
                reader.read::<K, E>(index, |key, value| map.insert(key, value).is_none())?;
                Ok(map)
            }

            fn view(reader: &Self::Reader, index: usize) -> Result<MapEntries<'_, K, E>, ValueError> {
                Ok(MapEntries { reader, map: index })
            }
        }
    )*};
}

map_values!(
    [BTreeMap<K, E>] [K: Value + Ord, E: Element] [K: OwnedValue + Ord, E: OwnedElement]
        BTreeMap::new();
    [HashMap<K, E, RandomState>] [K: Value + Hash + Eq, E: Element]
        [K: OwnedValue + Hash + Eq, E: OwnedElement] HashMap::new();
);

/// The entries of one map, borrowed from an array and in its order.
pub struct MapEntries<'a, K: OwnedValue, E: OwnedElement> {
    reader: &'a MapReader<K::Reader, ReaderOf<E>>,
    map: usize,
}

impl<K: OwnedValue, E: OwnedElement> Clone for MapEntries<'_, K, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: OwnedValue, E: OwnedElement> Copy for MapEntries<'_, K, E> {}

impl<K: OwnedValue, E: OwnedElement> fmt::Debug for MapEntries<'_, K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for entry in self.iter() {
            match entry {
                Ok((key, value)) => map.entry(&key, &value),
                Err(error) => map.entry(&"error", &error),
            };
        }
        map.finish()
    }
}

impl<'a, K: OwnedValue, E: OwnedElement> MapEntries<'a, K, E> {
    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        bounds(&self.reader.offsets, self.map).len()
    }

    /// Returns whether the map has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an iterator over views of the keys and values. Repeated keys are not detected.
    ///
    /// # Errors
    /// An item is an error if its value is null and `E` is not an `Option`, or if its key or value
    /// is not a value of its type.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = Result<(K::View<'a>, E::View<'a>), ValueError>> + use<'a, K, E> {
        let reader = self.reader;
        bounds(&reader.offsets, self.map).map(move |entry| {
            let in_map = |error: ValueError| error.in_list(&reader.offsets);
            let key = reader.keys.view::<K>(entry).map_err(in_map)?;
            let value = reader.values.view::<E>(entry).map_err(in_map)?;
            Ok((key, value))
        })
    }
}
