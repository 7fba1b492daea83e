# SPDX-License-Identifier: Apache-2.0

"""Reads the row files of a folder with pyarrow and DuckDB, and prints the current rows of each owner.

Usage: read_row_files.py FOLDER
"""

import sys
import tomllib
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet

folder = Path(sys.argv[1])
paths = sorted(folder.glob("rows-*.parquet"))

# The names of the columns are in the definition, by id.
metadata = parquet.read_schema(paths[0]).metadata
definition = tomllib.loads(metadata[b"kalamtable.definition"].decode())
names = {f"c{column['id']}": name for name, column in definition["columns"].items()}

rows = parquet.read_table(paths)
rows = rows.rename_columns([names.get(name, name) for name in rows.column_names])
ids = [parquet.ParquetFile(paths[0]).schema_arrow.field(i).metadata for i in range(len(names))]
print("field ids:", [int(field[b"PARQUET:field_id"]) for field in ids])

# The current row of a key has the greatest `_seq`, unless it is deleted.
key = ", ".join(f'"{name}"' for name in definition["primary_key"])
columns = ", ".join(f'"{name}"' for name in names.values())
current = f"""
    SELECT _owner, {columns}
    FROM (
        SELECT *, row_number() OVER (PARTITION BY _owner, {key} ORDER BY _seq DESC) AS latest
        FROM {{rows}}
    )
    WHERE latest = 1 AND NOT _deleted
    ORDER BY _owner, {key}
"""
from_pyarrow = duckdb.sql(current.format(rows="rows")).fetchall()
renamed = ", ".join(f'{stored} AS "{name}"' for stored, name in names.items())
files = f"(SELECT {renamed}, _seq, _deleted, _owner FROM '{folder}/rows-*.parquet')"
from_duckdb = duckdb.sql(current.format(rows=files)).fetchall()
assert from_pyarrow == from_duckdb, (from_pyarrow, from_duckdb)
for row in from_duckdb:
    print(*row)
