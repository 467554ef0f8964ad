import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { ArgumentError, Context } from 'millrace'
import { type Columns, type DescribedSchema, sql } from 'millrace/sql'
import * as v from 'valibot'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const ctx = new Context({ threads: 1, spare: false })
afterAll(() => ctx.stop())

const columns = (schema: DescribedSchema, types?: Columns) => ctx.range(1).toTable(schema, types).columns

/** A schema that describes itself by this JSON Schema. */
const described = (json: Record<string, unknown>): DescribedSchema => ({
  '~standard': { version: 1, vendor: 'test', jsonSchema: { output: () => json } },
})

describe('the schema of a library sets the types of columns', () => {
  const expected = {
    id: 'BIGINT',
    price: 'DOUBLE',
    open: 'BOOLEAN',
    kind: 'VARCHAR',
    tags: ['VARCHAR'],
    buyer: { name: 'VARCHAR', age: 'DOUBLE' },
  }
  const ofZod = z.object({
    id: z.int(),
    price: z.number(),
    open: z.boolean(),
    kind: z.enum(['new', 'used']),
    tags: z.array(z.string()).optional(),
    buyer: z.object({ name: z.string(), age: z.number().nullable() }),
  })
  const ofArktype = type({
    id: 'number.integer',
    price: 'number',
    open: 'boolean',
    kind: "'new' | 'used'",
    'tags?': 'string[]',
    buyer: { name: 'string', age: 'number | null' },
  })
  const ofValibot = toStandardJsonSchema(
    v.object({
      id: v.pipe(v.number(), v.integer()),
      price: v.number(),
      open: v.boolean(),
      kind: v.picklist(['new', 'used']),
      tags: v.optional(v.array(v.string())),
      buyer: v.object({ name: v.string(), age: v.nullable(v.number()) }),
    }),
  )

  test.each<[string, DescribedSchema]>([
    ['zod', ofZod],
    ['arktype', ofArktype],
    ['valibot', ofValibot],
  ])('%s', async (_, schema) => {
    expect(columns(schema)).toEqual(expected)
    const none = ctx.emptyRDD<object>().toTable(schema)
    const query = 'select count(id) as n, max(buyer.age) as oldest, sum(price) as paid from orders'
    expect(await sql(query, { orders: none }).collect()).toEqual([{ n: 0, oldest: null, paid: null }])
    const order = { id: 7, price: 2.5, open: true, kind: 'new', tags: ['a'], buyer: { name: 'Ada', age: null } }
    expect(await sql('from orders', { orders: ctx.parallelize([order]).toTable(schema) }).collect()).toEqual([order])
  })

  test.each<[string, DescribedSchema]>([
    ['zod', z.object({ at: z.date(), n: z.bigint() })],
    ['arktype', type({ at: 'Date', n: 'bigint' })],
    ['valibot', toStandardJsonSchema(v.object({ at: v.date(), n: v.bigint() }))],
  ])('and types adds those that JSON does not have: %s', async (_, schema) => {
    expect(() => columns(schema)).toThrow(
      /toTable: at is \{\}, which has no type of SQL\. Pass its type in the second argument/,
    )
    expect(columns(schema, { at: 'TIMESTAMP', n: 'HUGEINT' })).toEqual({ at: 'TIMESTAMP', n: 'HUGEINT' })
  })

  test('names of Object.prototype are names like others', () => {
    expect(columns(z.object({ constructor: z.string() }))).toEqual({ constructor: 'VARCHAR' })
    expect(() => columns(z.object({ a: z.string() }), { constructor: 'VARCHAR' })).toThrow(/is no field of the schema/)
  })

  test('a whole number of 32 bits is an INTEGER', () => {
    expect(columns(z.object({ a: z.int32(), b: z.uint32() }))).toEqual({ a: 'INTEGER', b: 'BIGINT' })
  })
})

describe('JSON Schema', () => {
  const object = (x: unknown, more: object = {}) => described({ type: 'object', properties: { x }, ...more })

  test.each<[unknown, unknown, object?]>([
    [{ type: ['string', 'null'] }, 'VARCHAR'],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'BIGINT'],
    [{ oneOf: [{ type: 'integer' }, { anyOf: [{ type: 'number' }] }] }, 'DOUBLE'],
    [{ enum: ['a', null, 'b'] }, 'VARCHAR'],
    [{ const: 1 }, 'BIGINT'],
    [{ anyOf: [{ type: 'string' }, { $ref: '#/properties/x' }] }, 'VARCHAR'],
    [{ enum: [1, 2.5] }, 'DOUBLE'],
    [{ const: true }, 'BOOLEAN'],
    [{ type: 'array', items: { type: 'array', items: { type: 'number' } } }, [['DOUBLE']]],
    [
      { $ref: '#/$defs/a~1b' },
      { y: 'DOUBLE' },
      { $defs: { 'a/b': { type: 'object', properties: { y: { type: 'number' } } } } },
    ],
    [{ $ref: '#/$defs/one' }, 'VARCHAR', { $defs: { one: { $ref: '#/$defs/two' }, two: { type: 'string' } } }],
  ])('%j is %j', (x, expected, more) => {
    expect(columns(object(x, more))).toEqual({ x: expected })
  })

  test.each<[unknown, RegExp, object?]>([
    [{}, /^toTable: x is \{\}, which has no type of SQL/],
    [{ type: 'null' }, /^toTable: x is \{"type":"null"\}, which has no type/],
    [{ type: 'array' }, /x is \{"type":"array"\}, which has no type/],
    [{ type: 'array', items: {} }, /^toTable: x\[\] is \{\}, .*such as \{ x: 'VARCHAR' \}/],
    [{ type: 'object', additionalProperties: { type: 'string' } }, /x is \{"type":"object".*has no type/],
    [{ type: ['string', 'number'] }, /x has several types: "VARCHAR", "DOUBLE"/],
    [{ type: 'object', properties: { y: {} } }, /^toTable: x\.y is \{\}/],
    [{ $ref: 'https://example.com/x' }, /which has no type of SQL/],
    [{ $ref: '#/$defs/none' }, /which has no type of SQL/],
    [{ $ref: '#/$defs/x' }, /which has no type of SQL/, { $defs: { x: { $ref: '#/$defs/x' } } }],
    [{ type: 'array', items: { $ref: '#/properties/x' } }, /contains itself, and SQL has no such type/],
    [{ anyOf: [{ $ref: '#/properties/x' }, { $ref: '#/properties/x' }] }, /which has no type of SQL/],
    [{ anyOf: [{ type: 'string' }, { $ref: '#' }] }, /x\.x contains itself/],
    [{ type: ['array', 'null'], items: { $ref: '#/properties/x' } }, /^toTable: x\[\] contains itself/],
  ])('%j has no type: the error names the column', (x, message, more) => {
    expect(() => columns(object(x, more))).toThrow(message)
    expect(() => columns(object(x, more))).toThrow(ArgumentError)
    expect(columns(object(x, more), { x: 'BLOB' })).toEqual({ x: 'BLOB' })
  })

  test.each<[unknown, Columns | undefined, RegExp]>([
    [v.object({ a: v.string() }), undefined, /the schema of "valibot" validates values but does not describe them/],
    [described({ type: 'string' }), undefined, /the schema is \{"type":"string"\}; it must be one of objects/],
    [
      described({ type: 'object', properties: { a: { type: 'string' } } }),
      { b: 'BLOB' },
      /types has "b", which is no field/,
    ],
    [z.object({ a: z.string().transform(Number) }).refine(() => true), undefined, /a is \{\}, which has no type/],
    [{ a: 'VARCHAR' }, { b: 'VARCHAR' }, /types go with a schema/],
    [described({ type: 'object', properties: { a: { type: 'string' } } }), 1 as never, /types is 1/],
    [
      {
        '~standard': {
          version: 1,
          vendor: 'test',
          jsonSchema: {
            output: () => {
              throw new Error('too odd')
            },
          },
        },
      },
      undefined,
      /test cannot describe the schema: too odd\. Pass the types of columns/,
    ],
  ])('what is refused at once, case %#', (schema, types, message) => {
    expect(() => columns(schema as DescribedSchema, types)).toThrow(message)
    expect(() => columns(schema as DescribedSchema, types)).toThrow(ArgumentError)
  })
})
