// What may be wrong with the table in an object, by codes that never change their meaning.

export const COLUMN_CODES = {
  // column/: an Arrow IPC file and the values in it
  COLUMN_FOOTER: "the bytes do not end as an Arrow file ends",
  COLUMN_METADATA: "Arrow metadata is not a well-formed flatbuffer of the expected shape",
  COLUMN_TYPE: "a column has a type that a sealed table does not hold",
  COLUMN_SCHEMA: "the columns differ from those that the manifest names",
  COLUMN_LIMIT: "an Arrow file has more or larger parts than a sealed table may have",
  COLUMN_LAYOUT: "the parts of an Arrow file do not lie in order, inside each other and long enough",
  COLUMN_COMPRESSED: "the buffers are compressed; a sealed table is not",
  COLUMN_VALIDITY: "a column's null count differs from its validity bits",
  COLUMN_OFFSETS: "text offsets fall, or leave their buffer",
  COLUMN_UTF8: "text is not valid UTF-8",
  COLUMN_DICTIONARY: "a dictionary is missing, named twice, comes in parts, or lacks a code that is used",
  COLUMN_UNIT: "the unit-start bits have nulls, or an object does not begin with a unit's first row",
  // csv/ and parquet/: what others wrote in another format
  COLUMN_CSV:
    "the text is not CSV of the dialect in the manifest, or has a value that is not of its column's type",
  COLUMN_PARQUET:
    "the file is not a flat Parquet file whose parts are where its footer says, or its pages do not decode",
} as const;
