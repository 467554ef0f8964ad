import { field, includes, jsonField, length, numberField, pairOf } from 'millrace'
import { expect, test } from 'vitest'
import { builtin } from '#build/ops/functions/builtin.js'
import type { Sink, Step } from '#build/ops/plan.js'
import { decodePairs } from '#build/pool/blocks/records-codec.js'
import { readPart } from '#build/pool/blocks/shuffle-block.js'
import { hashKey, hashLatin1 } from '#build/values/keys.js'
import fc from '../../support/fast-check.js'
import { made } from './closure-texts.js'
import { type By, certainLines, outcome, type Piece, runTask, step } from './support.js'
import { jsonLine, numberText, pieces } from './texts.js'

const sink = (partitions: number): Sink => ({
  op: 'shuffle',
  partitioner: { kind: 'hash', partitions },
  label: 'partitionBy',
})

const closures = [
  "(l) => { const [k, v] = l.split(','); return [k, Number(v)] }",
  "(l) => [l.split(',')[1], Number(l.split(',')[0])]",
  "(l) => [l.split(',')[0], l.split(',')[1].length]",
  "(l) => { const [k, v] = l.split(','); return [`${k}/${v}`, Number(v) * 2] }",
  "(l) => { const [k, v] = l.split(','); return [Math.floor(v / 10), -v] }",
  '(l) => { const { a, b } = JSON.parse(l); return [a, b * 1.5] }',
]
const chains = fc.constantFrom<Step[]>(
  ...closures.map((text) => [step('map', made(text))]),
  [step('map', pairOf(field(0, ','), numberField(1, ',')))],
  [step('map', builtin('keyBy', field(1, ','))), step('mapValues', length())],
  [step('map', pairOf(jsonField('a'), jsonField('b')))],
  [
    step('map', made("(l) => l.split(',')")),
    step('filter', made("(f) => f[0] !== 'a'")),
    step('map', made('(f) => [f[0], +f[1]]')),
  ],
)
const filters = fc.constantFrom<Step[]>([], [step('filter', includes('a'))])
const key = fc.constantFrom('', 'a', 'b', 'é', '日本', 'x'.repeat(12), 'y'.repeat(16), 'z'.repeat(17), 'w'.repeat(256))
const number = fc.oneof({ weight: 5, arbitrary: fc.integer().map(String) }, { weight: 1, arbitrary: numberText })
const fieldLine = fc.tuple(key, number).map((cells) => cells.join(','))
const json = fc
  .tuple(fc.constantFrom('"x"', '"é"', '"a\\n"', '1', 'null'), number)
  .map(([a, b]) => `{"a":${a},"b":${b}}`)
const line = fc.oneof({ weight: 5, arbitrary: fieldLine }, { weight: 3, arbitrary: json }, jsonLine)
const many = fc
  .constantFrom(fieldLine, json)
  .chain((kind) => fc.array(kind, { minLength: 60, maxLength: 200 }))
  .map((lines): Piece[] => [Buffer.from(lines.join('\n'))])
const input = fc.oneof(pieces(line), many)
const rejecting = fc.constantFrom(false, false, true)

test('pairs of texts are written as those of functions are, to the byte', () => {
  fc.assert(
    fc.property(input, filters, chains, rejecting, fc.constantFrom(1, 3), (of, before, steps, rejects, partitions) => {
      const chain = [...before, ...steps.map((each) => (rejects ? { ...each, rejects: 1 } : each))] as Step[]
      const run = (by: By) => outcome(() => runTask(chain, sink(partitions), of, by))
      const bytes = run('bytes')
      expect(bytes).toEqual(run('functions'))
      expect(bytes).toEqual(run('composed'))
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 600) },
  )
})

test('kernels do most of such lines', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `user ${i % 7},${i}`)
  lines[5000] = 'ü,7'
  const run = () => runTask([step('map', made(closures[0]!))], sink(1), [Buffer.from(lines.join('\n'))], 'bytes')
  expect(certainLines(run)).toBe(19_999)
  const { keys, values } = decodePairs(readPart(run().sealed, 0).bytes)
  expect(keys.map((key, i) => `${key},${values[i]}`)).toEqual(lines)
})

test.each([
  ['minus zero', ['a,-0', 'b,1', 'a,-0']],
  ['bounds of 32 bits', ['a,2147483647', 'b,-2147483648']],
  ['numbers beyond 32 bits', ['a,1', 'b,2147483648', 'c,-2147483649']],
  ['keys of 255 and 256 bytes', [`${'w'.repeat(255)},1`, `${'w'.repeat(256)},2`, 'a,3']],
])('%s are written as by functions', (_, lines) => {
  const input = [Buffer.from(lines.join('\n'))]
  const run = (by: By) => outcome(() => runTask([step('map', made(closures[0]!))], sink(3), input, by))
  expect(run('bytes')).toEqual(run('functions'))
})

test('keys in ASCII have the hash of the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      expect(hashLatin1(Buffer.from(`<${text}>`), 1, text.length)).toBe(hashKey(text))
    }),
  )
})
