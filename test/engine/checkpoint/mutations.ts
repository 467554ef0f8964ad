import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealed } from '#build/engine/checkpoint/format.js'

type Draw = () => number

/** A change of a checkpoint directory. Returns its description. `outside`: a file that no reader may open. */
export type Mutation = (at: string, draw: Draw, outside: string) => string

const pick = <T>(of: readonly T[], draw: Draw): T => of[Math.floor(draw() * of.length)]!

function changed(at: string, draw: Draw, change: (bytes: Buffer) => Buffer, only = /./): string {
  const name = pick(
    readdirSync(at).filter((each) => only.test(each)),
    draw,
  )
  const path = join(at, name)
  writeFileSync(path, change(readFileSync(path)))
  return name
}

const bitFlips: Mutation = (at, draw) => {
  const flips = 1 + Math.floor(draw() * 3)
  const name = changed(at, draw, (bytes) => {
    for (let i = 0; i < flips && bytes.length > 0; i++) {
      const position = Math.floor(draw() * bytes.length)
      bytes[position] = bytes[position]! ^ (1 << Math.floor(draw() * 8))
    }
    return bytes
  })
  return `${flips} flipped bits in ${name}`
}

const truncation: Mutation = (at, draw) =>
  `truncated ${changed(at, draw, (bytes) => bytes.subarray(0, Math.floor(draw() * bytes.length)))}`

const growth: Mutation = (at, draw) =>
  `grown ${changed(at, draw, (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + Math.floor(draw() * 4096), '\n{')]))}`

const emptied: Mutation = (at, draw) => `emptied ${changed(at, draw, () => Buffer.alloc(0))}`

const removed: Mutation = (at, draw) => {
  const name = pick(readdirSync(at), draw)
  rmSync(join(at, name))
  return `removed ${name}`
}

const swapped: Mutation = (at, draw) => {
  const [a, b] = [pick(readdirSync(at), draw), pick(readdirSync(at), draw)]
  renameSync(join(at, a), join(at, 'swapped'))
  if (a !== b) renameSync(join(at, b), join(at, a))
  renameSync(join(at, 'swapped'), join(at, b))
  return `swapped ${a} and ${b}`
}

const linked: Mutation = (at, draw, outside) => {
  const name = pick(
    readdirSync(at).filter((each) => each.startsWith('checkpoint-')),
    draw,
  )
  rmSync(join(at, name))
  symlinkSync(outside, join(at, name))
  return `${name} replaced by a link`
}

/** Stands for a value that JSON.parse can read and JSON.stringify cannot write. */
const DEEP = 'nested deeply'
const NESTED = `${'['.repeat(20_000)}${']'.repeat(20_000)}`

/** Values that no checkpoint should survive with. `uid`: that of an operation. */
const HOSTILE = (outside: string, uid: unknown): readonly unknown[] => [
  null,
  -1,
  1e300,
  2 ** 53 - 1,
  0.5,
  '',
  'x'.repeat(100_000),
  outside,
  `../${outside}`,
  '../../../../etc/passwd',
  'state-1000-1-1/../../x',
  '__proto__',
  'state-1000-1-1\0',
  [],
  {},
  [[[]]],
  { __proto__: null, constructor: { prototype: { polluted: true } } },
  JSON.parse('{"__proto__": {"polluted": true}}'),
  DEEP,
  Array.from({ length: 10_000 }, () => ({ uid, value: 0 })),
  true,
]

/** Replaces, adds or removes a random part of the JSON of a checkpoint, and corrects the checksum. */
const crafted: Mutation = (at, draw, outside) => {
  let what = ''
  const name = changed(
    at,
    draw,
    (bytes) => {
      const [, ...rest] = bytes.toString().split('\n')
      const body = JSON.parse(rest.join('\n')) as Record<string, unknown>
      const { uid } = (body.operations as { uid: string }[])[0]!
      let parent: Record<string, unknown> = body
      let key = pick(Object.keys(parent), draw)
      for (;;) {
        const child = parent[key]
        const keys = typeof child === 'object' && child !== null ? Object.keys(child) : []
        if (keys.length === 0 || draw() < 0.25) break
        parent = child as Record<string, unknown>
        key = pick(keys, draw)
      }
      what = key
      if (draw() < 0.15) delete parent[key]
      else parent[draw() < 0.1 ? '__proto__x' : key] = pick(HOSTILE(outside, uid), draw)
      return sealed(
        'checkpoint',
        JSON.stringify(body).replaceAll('__proto__x', '__proto__').replaceAll(`"${DEEP}"`, NESTED),
      )
    },
    /^checkpoint-\d+-\d+$/,
  )
  return `crafted ${what} in ${name}`
}

const strangers: Mutation = (at, draw) => {
  const name = pick(
    [
      'checkpoint-9999999999999999-999999999999999',
      'checkpoint-1-1.tmp',
      'checkpoint-5000',
      'entry-3000-9',
      'owner-999999999999999',
      'state-1-1-1',
      'log-1-2-3-4',
      '..data',
    ],
    draw,
  )
  writeFileSync(join(at, name), pick(['', '{}', '{"token":"x"}', 'null', '[', 'x'.repeat(1e6)], draw))
  return `added ${name}`
}

/** Whether the mutation corrects the checksum of its file: then only impossible values can be detected. */
export const CRAFTED: Mutation = crafted
export const MUTATIONS: readonly Mutation[] = [
  bitFlips,
  bitFlips,
  truncation,
  growth,
  emptied,
  removed,
  swapped,
  linked,
  crafted,
  crafted,
  crafted,
  strangers,
]
