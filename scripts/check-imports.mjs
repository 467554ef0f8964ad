#!/usr/bin/env node
// Checks the shape of the house: who may import whom in src/, no cycles, no file over 500 lines.
//
//   node scripts/check-imports.mjs [root]
//
// Prints one line a violation, `file:line what is wrong`, and ends with code 1 if there is any.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findCycles } from './lib/cycles.mjs'
import { importsOf } from './lib/imports-of.mjs'

const MAX_LINES = 500

/**
 * The rooms, and what each may import: paths below src/ without ending; a folder stands for all in it. The first rule
 * whose `room` holds a file is the file's. `types` may be imported by `import type` only.
 */
export const RULES = [
  { room: 'errors', may: [] },
  { room: 'package-root', may: ['errors'] },
  // Which values are data, how they compare as keys, how they are written as JSON.
  { room: 'values', may: ['errors', 'values'] },
  // What both halves know of files that users name: paths, identities, searching, reading.
  { room: 'files', may: ['errors', 'files'], types: ['ops/source'] },
  { room: 'ops', may: ['errors', 'values', 'ops', 'files/paths'] },
  { room: 'pool/blocks', may: ['errors', 'values', 'pool/blocks'], types: ['pool/protocol'] },
  { room: 'pool/kernels/assembly', may: ['pool/kernels/assembly'] },
  { room: 'pool/kernels', may: ['errors', 'pool/kernels', 'package-root'], types: ['ops'] },
  // The one place that puts a worker together: it also loads what sinks run in threads.
  { room: 'pool/worker/entry', may: ['pool/worker', 'sinks'] },
  {
    room: 'pool/worker',
    may: [
      'errors',
      'files',
      'values',
      'ops',
      'pool/blocks',
      'pool/kernels',
      'pool/worker',
      'pool/protocol',
      'pool/vitals',
      'pool/error-wire',
      'pool/pipeline-module',
      'pool/answer-wire',
      'pool/control-calls',
      'pool/endpoint',
    ],
  },
  { room: 'pool', may: ['errors', 'values', 'pool/blocks', 'pool/*', 'package-root'], types: ['ops', 'pool/worker'] },
  { room: 'sources/attach', may: ['errors', 'ops/source', 'ops/dstream', 'sources'] },
  { room: 'sources', may: ['errors', 'files', 'values', 'ops/source', 'ops/wait', 'sources'] },
  // Object files hold records in the form that blocks have.
  { room: 'sinks', may: ['errors', 'files', 'values', 'ops', 'pool/blocks', 'sinks'] },
  // The one place that puts a driver thread together: the whole library, as the host has it.
  { room: 'engine/driver-thread/entry', may: ['index', 'engine', 'errors', 'pool/*', 'sources/attach'] },
  { room: 'engine', may: ['errors', 'files', 'values', 'ops', 'pool/blocks', 'pool/*', 'engine', 'package-root'] },
  {
    room: 'cli',
    may: ['cli', 'index', 'engine', 'errors', 'values', 'ops/rehearsal', 'ops/time', 'package-root'],
    types: ['ops'],
  },
  { room: 'ui', may: ['ui', 'metrics', 'errors'], types: ['engine'] },
  { room: 'metrics', may: ['metrics', 'errors'], types: ['engine'] },
  // What tests of users import: the public API and what stands behind it.
  { room: 'testing', may: ['testing', 'index', 'errors', 'ops', 'engine', 'pool/*'] },
  // Re-exports everything, and attaches sources and sinks.
  { room: 'index', may: ['errors', 'ops', 'engine', 'sources', 'sinks', 'pool/*', 'package-root'] },
]

/** Whether a file (`pool/blocks/ids`) is in a room: the file itself, a folder above it, or `pool/*` for that folder only. */
function isIn(file, room) {
  if (room.endsWith('/*')) return dirname(file) === room.slice(0, -2)
  return file === room || file.startsWith(`${room}/`)
}

function ruleOf(file) {
  return RULES.find(({ room }) => isIn(file, room))
}

/** Why `from` may not import `to`, or undefined where it may. */
export function fault(from, to, typeOnly) {
  const rule = ruleOf(from)
  if (!rule) return `${from} is in no room: give it a rule in scripts/check-imports.mjs`
  if (rule.may.some((room) => isIn(to, room))) return undefined
  if (rule.types?.some((room) => isIn(to, room))) {
    return typeOnly ? undefined : `${rule.room} may import only types of ${to}: use import type`
  }
  const types = rule.types ? `, and types of ${rule.types.join(', ')}` : ''
  return `${rule.room} may not import ${to}; it may import ${rule.may.join(', ') || 'nothing'}${types}`
}

function filesBelow(folder, ending) {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** All violations below `root`, as texts. */
export function check(root) {
  const src = join(root, 'src')
  const found = []
  const graph = new Map()
  const say = (path, line, text) => found.push(`${relative(root, path).split(sep).join('/')}:${line} ${text}`)
  const nameOf = (path) =>
    relative(src, path)
      .split(sep)
      .join('/')
      .replace(/\.c?ts$/, '')

  for (const path of filesBelow(src, /\.c?ts$/)) {
    const from = nameOf(path)
    const edges = []
    graph.set(from, edges)
    for (const { specifier, line, typeOnly } of importsOf(readFileSync(path, 'utf8'))) {
      if (!specifier.startsWith('.')) continue
      const target = resolve(dirname(path), specifier)
      const to = nameOf(target).replace(/\.c?js$/, '')
      if (to.startsWith('..')) {
        say(path, line, `imports ${specifier}, which is outside of src/`)
        continue
      }
      const why = fault(from, to, typeOnly)
      if (why) say(path, line, why)
      if (!typeOnly) edges.push({ to, line })
    }
  }
  for (const cycle of findCycles(graph)) {
    const { line } = graph.get(cycle[0]).find(({ to }) => to === cycle[1])
    say(join(src, `${cycle[0]}.ts`), line, `is in a cycle of imports: ${cycle.join(' -> ')}`)
  }
  for (const folder of ['src', 'bench', 'test']) {
    for (const path of filesBelow(join(root, folder), /\.(c|m)?[jt]s$/)) {
      const lines = readFileSync(path, 'utf8').split('\n').length - 1
      if (lines > MAX_LINES) say(path, MAX_LINES + 1, `has ${lines} lines; split it, ${MAX_LINES} is the limit`)
    }
  }
  return found
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'))
  const found = check(root)
  for (const text of found) console.error(text)
  if (found.length > 0) console.error(`${found.length} violation${found.length === 1 ? '' : 's'}`)
  process.exitCode = found.length > 0 ? 1 : 0
}
