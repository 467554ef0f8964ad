#!/usr/bin/env node
// Checks the shape of the house: who may import whom in src/, no cycles, also of types, no file over 500 lines, no class of
// the engine over 250.
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
/** Lines of a class in the engine. Biome checks the lines of its functions. */
const MAX_CLASS_LINES = 250
const CLASS = /^(?:export )?(?:abstract )?class (\w+)[\s\S]*?^}/gm

/** Options of the engine that are functions. Instead of one more, pass an object or send an event. */
const MAX_CALLBACKS = 5
const CALLBACK = /^ {2}readonly \w+\??: \(?\([^)]*\) => /

/** The rooms that all rooms of the driver may import. */
const REST = ['errors', 'files', 'values', 'ops', 'pool/blocks', 'pool/*', 'package-root']

/**
 * The rooms of the driver, from the lowest up; imports go down only.
 *
 * ```
 *            streaming ─────────> driver-thread (the host's half)
 *           /    |    \                 |
 *   receivers ─> checkpoint              |
 *           \    |                      v
 *            context ─────────────> events, options, logger, dead-letters, user-code
 *           /       \                    ^
 *      engine <─── local                 |
 *                    |                   |
 *   recovery -> scheduler -> state -> storage
 * ```
 */
const DRIVER_ROOMS = [
  { room: 'engine/logger', may: REST },
  { room: 'engine/fault-plans', may: REST },
  { room: 'engine/master-options', may: REST },
  { room: 'engine/safe-logger', may: [...REST, 'engine/logger'] },
  { room: 'engine/memory-warning', may: [] },
  {
    room: 'engine/options',
    may: [
      ...REST,
      'engine/fault-plans',
      'engine/logger',
      'engine/master-options',
      'engine/memory-warning',
      'engine/safe-logger',
    ],
  },
  { room: 'engine/current-batch', may: [] },
  // Figures of finished jobs.
  { room: 'engine/progress', may: [] },
  // The status of streams, as plain data.
  { room: 'engine/status/streams-status', may: [] },
  { room: 'engine/status/lineage', may: [] },
  { room: 'engine/status', may: [], types: ['ops', 'engine/engine', 'engine/streaming/streaming-options'] },
  { room: 'engine/user-code', may: REST },
  { room: 'engine/dead-letters', may: REST },
  // The types of streams that the host uses, wherever their driver runs.
  { room: 'engine/streaming/stop-result', may: REST },
  { room: 'engine/streaming/output-queue', may: REST },
  { room: 'engine/streaming/start-options', may: REST },
  { room: 'engine/streaming/stop-deadline', may: REST },
  { room: 'engine/streaming/settles-within', may: [...REST, 'engine/streaming/stop-deadline'] },
  { room: 'engine/streaming/print-batch', may: [] },
  { room: 'engine/streaming/named-outputs', may: [...REST, 'engine/streaming/output-queue'] },
  {
    room: 'engine/streaming/streaming-control',
    may: REST,
    types: [
      'engine/streaming/ui-options',
      'engine/status/streams-status',
      'engine/dead-letters',
      'engine/events',
      'engine/streaming/output-queue',
      'engine/streaming/start-options',
      'engine/streaming/stop-result',
      'engine/streaming/streaming-options',
    ],
  },
  { room: 'engine/streaming/output-retries', may: REST },
  { room: 'engine/streaming/ui-options', may: REST },
  {
    room: 'engine/streaming/page',
    may: [],
    types: [
      'engine/logger',
      'engine/status/lineage',
      'engine/status/streams-status',
      'engine/streaming/streaming-control',
      'engine/streaming/table-reader',
      'engine/streaming/ui-options',
    ],
  },
  { room: 'engine/streaming/table-reader', may: [] },
  { room: 'engine/streaming/tables-of', may: [], types: ['engine/streaming/table-reader'] },
  { room: 'engine/streaming/never-started', may: REST },
  { room: 'engine/checkpoint/options', may: REST },
  // The files of the directory, which checkpoints and the write-ahead log share.
  { room: 'engine/checkpoint/folder', may: REST },
  { room: 'engine/checkpoint/fault-points', may: REST },
  { room: 'engine/checkpoint/input-uid', may: REST },
  { room: 'engine/checkpoint/names', may: REST },
  {
    room: 'engine/streaming/streaming-options',
    may: [
      ...REST,
      'engine/checkpoint/options',
      'engine/options',
      'engine/receivers/back-pressure',
      'engine/streaming/output-retries',
      'engine/streaming/ui-options',
      'engine/write-ahead-log/options',
    ],
  },
  { room: 'engine/receivers/back-pressure', may: [...REST, 'engine/receivers/pid-estimator'] },
  { room: 'engine/receivers/pid-estimator', may: REST },
  {
    room: 'engine/events',
    may: REST,
    types: [
      'engine/dead-letters/dead-letter',
      'engine/progress/job-info',
      'engine/streaming/stop-result',
      'engine/write-ahead-log/log-damage',
    ],
  },
  { room: 'engine/stream-port', may: [], types: ['ops'] },
  { room: 'engine/storage', may: REST, types: ['engine/events', 'engine/logger', 'engine/status/streams-status'] },
  { room: 'engine/state', may: REST, types: ['engine/status/streams-status', 'engine/storage'] },
  {
    room: 'engine/scheduler',
    may: [...REST, 'engine/progress', 'engine/user-code'],
    types: [
      'engine/current-batch',
      'engine/events',
      'engine/logger',
      'engine/options',
      'engine/state',
      'engine/storage',
    ],
  },
  {
    room: 'engine/recovery',
    may: REST,
    types: ['engine/events', 'engine/logger', 'engine/scheduler', 'engine/state', 'engine/storage'],
  },
  // The interface between an engine and its users.
  {
    room: 'engine/engine',
    may: [],
    types: [
      'engine/dead-letters',
      'engine/events',
      'engine/state',
      'engine/status/lineage',
      'engine/status/streams-status',
      'engine/storage',
      'engine/stream-port',
      'ops',
      'pool/blocks',
      'pool/*',
    ],
  },
  { room: 'engine/engine-of', may: [], types: ['engine/engine', 'ops'] },
  // The engine of threads. Nothing but a context, the stress command and tests may know it.
  {
    room: 'engine/local',
    may: [
      ...REST,
      'engine/checkpoint/dataset-checkpoints',
      'engine/checkpoint/fault-points',
      'engine/current-batch',
      'engine/dead-letters',
      'engine/engine-of',
      'engine/events',
      'engine/memory-warning',
      'engine/recovery',
      'engine/scheduler',
      'engine/state',
      'engine/storage',
      'engine/stream-port',
    ],
    types: [
      'engine/engine',
      'engine/logger',
      'engine/options',
      'engine/status/lineage',
      'engine/status/streams-status',
    ],
  },
  // rdd.checkpoint() writes object files.
  { room: 'engine/checkpoint/dataset-checkpoints', may: [...REST, 'sinks/object-files'] },
  {
    room: 'engine/checkpoint',
    may: [...REST, 'engine/current-batch'],
    types: [
      'engine/engine',
      'engine/events',
      'engine/logger',
      'engine/receivers/back-pressure',
      'engine/state',
      'engine/storage',
      'engine/write-ahead-log',
    ],
  },
  { room: 'engine/write-ahead-log/log-damage', may: [] },
  { room: 'engine/write-ahead-log/options', may: REST },
  {
    room: 'engine/write-ahead-log',
    may: [
      ...REST,
      'engine/checkpoint/fault-points',
      'engine/checkpoint/folder',
      'engine/checkpoint/input-uid',
      'engine/checkpoint/names',
    ],
    types: ['engine/storage'],
  },
  {
    room: 'engine/receivers',
    may: [
      ...REST,
      'pool/kernels/newlines',
      'engine/checkpoint/input-uid',
      'engine/user-code',
      'engine/streaming/stop-deadline',
    ],
    types: [
      'engine/checkpoint',
      'engine/engine',
      'engine/events',
      'engine/logger',
      'engine/status/streams-status',
      'engine/storage',
      'engine/write-ahead-log',
    ],
  },
  {
    room: 'engine/driver-thread/driver-server',
    may: [
      ...REST,
      'engine/driver-thread',
      'engine/engine-of',
      'engine/lineage-of',
      'engine/look-up-state',
      'engine/streaming/tables-of',
    ],
    types: ['engine/events', 'engine/streaming/context-runtime', 'engine/streaming/streaming-context'],
  },
  {
    room: 'engine/driver-thread',
    may: [
      ...REST,
      'engine/dead-letters',
      'engine/events',
      'engine/logger',
      'engine/safe-logger',
      'engine/status/lineage',
      'engine/status/streams-status',
      'engine/streaming/named-outputs',
      'engine/streaming/never-started',
      'engine/streaming/output-queue',
      'engine/streaming/page',
      'engine/streaming/ui-options',
      'engine/streaming/print-batch',
      'engine/streaming/settles-within',
      'engine/streaming/start-options',
      'engine/streaming/stop-result',
      'engine/streaming/streaming-control',
      'engine/streaming/streaming-options',
      'engine/streaming/table-reader',
    ],
  },
  {
    room: 'engine/streaming',
    may: [
      ...REST,
      'engine/*',
      'engine/checkpoint',
      'engine/driver-thread',
      'engine/receivers',
      'engine/status',
      'engine/user-code',
      'engine/write-ahead-log',
    ],
    types: ['engine/dead-letters', 'engine/events'],
  },
].map((rule) => ({ ...rule, may: [rule.room, ...rule.may] }))

// The files beside the rooms put them together.
const WIRING = [
  {
    room: 'engine',
    may: [
      ...REST,
      'engine/*',
      'engine/dead-letters',
      'engine/events',
      'engine/local',
      'engine/status/lineage',
      'engine/status/streams-status',
      'spark/spark-engine',
    ],
  },
]

/**
 * The rooms, and what each may import: paths below src/ without ending; a folder stands for all in it. The first rule
 * whose `room` holds a file is the file's. `types` may be imported by `import type` only.
 */
export const RULES = [
  { room: 'errors', may: [] },
  // Branded ids. Every room may import them.
  { room: 'ids', may: [], everywhere: true },
  { room: 'package-root', may: ['errors'] },
  // Which values are data, how they compare as keys, how they are written as JSON.
  { room: 'values', may: ['errors', 'values'] },
  // Files that users name, for driver and workers: paths, identities, searching, reading.
  { room: 'files', may: ['errors', 'values', 'files'] },
  // Formats of files: the bytes of a file as records, and records as bytes.
  { room: 'formats/reading', may: ['formats', 'files', 'ops', 'package-root'] },
  // Object files hold records in the form that blocks have.
  { room: 'formats/objects', may: ['errors', 'formats', 'pool/blocks'] },
  {
    room: 'formats',
    may: ['errors', 'values', 'files', 'formats', 'ops/option-names'],
    types: ['ops/source'],
  },
  { room: 'ops', may: ['errors', 'values', 'ops', 'files/paths', 'package-root'], types: ['files'] },
  { room: 'pool/blocks', may: ['errors', 'values', 'pool/blocks'], types: ['pool/protocol'] },
  { room: 'pool/kernels/assembly', may: ['pool/kernels/assembly'] },
  {
    room: 'pool/kernels',
    may: [
      'errors',
      'ops/functions/meaning/expression',
      'ops/functions/meaning/expression-type',
      'pool/kernels',
      'package-root',
    ],
    types: ['ops'],
  },
  // The one place where a worker loads functions of other rooms.
  {
    room: 'pool/worker/library-functions',
    may: ['formats/reading', 'sinks', 'sql/run-query', 'sql/arrow/run-encoder'],
  },
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
      'pool/thread-status',
      'pool/claims',
      'pool/fault-points',
      'pool/error-wire',
      'pool/pipeline-module',
      'pool/export-loader',
      'pool/open-file-systems',
      'pool/answer-wire',
      'pool/control-calls',
      'pool/endpoint',
    ],
  },
  {
    room: 'pool',
    may: ['errors', 'files', 'values', 'pool/blocks', 'pool/*', 'package-root'],
    types: ['ops', 'pool/worker'],
  },
  // A service over HTTP, with the connection that httpTextStream has.
  {
    room: 'connectors/x',
    may: [
      'errors',
      'values',
      'ops/source',
      'ops/wait',
      'connectors/options',
      'connectors/x',
      'sources/http-open',
      'sources/http-retry',
      'sources/idle-timer',
      'sources/line-gate',
      'sources/loop-receiver',
    ],
  },
  // Clients of systems, each behind an export of its own: `import 'millrace'` loads none.
  {
    room: 'connectors',
    may: [
      'errors',
      'values',
      'ops/sink',
      'ops/source',
      'ops/task-context',
      'ops/time',
      'ops/wait',
      'package-root',
      'pool/export-loader',
      'connectors',
      // Shared by receivers over a network.
      'sources/check',
      'sources/http-body',
      'sources/http-open',
      'sources/http-retry',
      'sources/loop-receiver',
    ],
  },
  { room: 'sources/attach', may: ['errors', 'files', 'values', 'ops/source', 'ops/dstream', 'sources'] },
  { room: 'sources/format-files', may: ['errors', 'values', 'files', 'formats', 'ops', 'sources'] },
  {
    room: 'sources',
    may: ['errors', 'files', 'values', 'ops/option-names', 'ops/source', 'ops/time', 'ops/wait', 'sources'],
  },
  { room: 'sinks', may: ['errors', 'files', 'formats', 'values', 'ops', 'pool/export-loader', 'sinks'] },
  // Queries of DuckDB: the operations, and the process of a thread that runs them.
  { room: 'sql/run-query', may: ['errors', 'ops', 'package-root', 'pool/export-loader'], types: ['sql/query'] },
  // A thread loads it to encode tables for Arrow.
  {
    room: 'sql/arrow/run-encoder',
    may: ['errors', 'ops', 'package-root', 'pool/export-loader'],
    types: ['sql/columns'],
  },
  { room: 'sql/attach', may: ['engine/streaming/table-queries', 'sql'] },
  {
    room: 'sql',
    may: ['errors', 'values', 'ops', 'package-root', 'connectors/missing-package', 'pool/error-wire', 'sql'],
    types: ['engine/streaming/table-queries'],
  },
  // The process of an executor: puts the worker together as pool/worker/entry does, with what it shares with the driver.
  {
    room: 'spark/worker',
    may: [
      'errors',
      'values',
      'ops',
      'pool/blocks',
      'pool/*',
      'pool/worker/runtime',
      'pool/worker/library-functions',
      'package-root',
      'spark/block-wire',
      'spark/pipeline-files',
      'spark/pull-wire',
      'spark/socket-reader',
      'spark/stage-input',
      'spark/state-block',
      'spark/version',
      'spark/worker',
    ],
  },
  // The engine of contexts with a master. Only spark-engine is loaded without one.
  {
    room: 'spark',
    may: [
      'errors',
      'files',
      'values',
      'ops',
      'package-root',
      'pool/blocks',
      'pool/*',
      'engine/checkpoint/dataset-checkpoints',
      'engine/checkpoint/fault-points',
      'engine/current-batch',
      'engine/dead-letters',
      'engine/events',
      'engine/scheduler',
      'engine/state/state-sizes',
      'engine/storage',
      'engine/stream-port',
      'spark',
    ],
    types: [
      'engine/engine',
      'engine/logger',
      'engine/options',
      'engine/state/snapshot-chain',
      'engine/status/streams-status',
    ],
  },
  // The one place that puts a driver thread together: the whole library, as the host has it.
  { room: 'engine/driver-thread/entry', may: ['index', 'engine', 'errors', 'pool/*', 'sources/attach'] },
  ...DRIVER_ROOMS,
  ...WIRING,
  {
    room: 'cli',
    may: [
      'cli',
      'index',
      'engine',
      'errors',
      'values',
      'metrics',
      'pool/worker/runtime/warm-up',
      'ops/dstream/builder',
      'ops/functions/results',
      'ops/rdd/facade',
      'ops/time',
      'package-root',
    ],
    types: ['ops', 'ui/collect/rows'],
  },
  // Runs in browsers.
  {
    room: 'ui/page',
    may: ['ui/page'],
    types: [
      'engine/progress',
      'engine/status/lineage',
      'engine/status/streams-status',
      'engine/streaming/table-reader',
      'ui/collect/rows',
    ],
  },
  { room: 'ui/attach', may: ['ui', 'engine/streaming/page'] },
  { room: 'ui', may: ['ui', 'metrics', 'errors', 'values/message-of', 'package-root'], types: ['engine'] },
  // Metrics, spans, health and reports, made from the events of a context.
  {
    room: 'metrics',
    may: ['metrics', 'connectors/missing-package', 'errors', 'values', 'ops/option-names', 'ops/time'],
    types: ['engine'],
  },
  // The module for users' tests: the public API and its implementation.
  {
    room: 'testing',
    may: ['testing', 'index', 'errors', 'files', 'values', 'ops', 'engine', 'pool/*', 'package-root'],
  },
  // Re-exports everything, and attaches sources and sinks.
  { room: 'guard-operations', may: ['errors', 'values', 'ops', 'engine'] },
  {
    room: 'index',
    may: [
      'errors',
      'files',
      'formats',
      'guard-operations',
      'ops',
      'engine',
      'sources',
      'sinks',
      'sql/attach',
      'ui/attach',
      'pool/*',
      'package-root',
    ],
  },
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
  if (!rule) return `${from} is in no room; add a rule in scripts/check-imports.mjs`
  if (rule.may.some((room) => isIn(to, room)) || ruleOf(to)?.everywhere) return undefined
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

/** The classes of a formatted file that are too long. */
function longClasses(text) {
  return [...text.matchAll(CLASS)].flatMap(({ 0: whole, 1: name, index }) => {
    const lines = whole.split('\n').length
    if (lines <= MAX_CLASS_LINES) return []
    const line = text.slice(0, index).split('\n').length
    return [{ line, text: `class ${name} has ${lines} lines; split it, ${MAX_CLASS_LINES} is the limit` }]
  })
}

/** The properties of interfaces in the engine that are functions. */
function callbacksIn(src) {
  return filesBelow(join(src, 'engine'), /\.ts$/).flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((text, i) => (CALLBACK.test(text) ? [{ path, line: i + 1 }] : [])),
  )
}

/** Cycles between the rooms of the driver, as the table allows imports. There must be none. */
export function roomCycles(rules = [...DRIVER_ROOMS, ...WIRING]) {
  const nameOf = (room) => rules.find((rule) => isIn(room, rule.room))?.room
  const edges = ({ room, may, types = [] }) =>
    [...may, ...types]
      .map(nameOf)
      .filter((to) => to !== undefined && to !== room)
      .map((to) => ({ to }))
  return findCycles(new Map(rules.map((rule) => [rule.room, edges(rule)])))
}

/** All violations below `root`, as texts. */
export function check(root) {
  const src = join(root, 'src')
  const found = []
  const graph = new Map()
  const runtime = new Map()
  const say = (path, line, text) => found.push(`${relative(root, path).split(sep).join('/')}:${line} ${text}`)
  const nameOf = (path) =>
    relative(src, path)
      .split(sep)
      .join('/')
      .replace(/\.c?ts$/, '')

  for (const path of filesBelow(src, /\.c?ts$/)) {
    const from = nameOf(path)
    const text = readFileSync(path, 'utf8')
    graph.set(from, [])
    runtime.set(from, [])
    if (from.startsWith('engine/')) for (const fault of longClasses(text)) say(path, fault.line, fault.text)
    for (const { specifier, line, typeOnly } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue
      const target = resolve(dirname(path), specifier)
      const to = nameOf(target).replace(/\.c?js$/, '')
      if (to.startsWith('..')) {
        say(path, line, `imports ${specifier}, which is outside of src/`)
        continue
      }
      const why = fault(from, to, typeOnly)
      if (why) say(path, line, why)
      graph.get(from).push({ to, line })
      if (!typeOnly) runtime.get(from).push({ to, line })
    }
  }
  const sayCycle = (cycle, of) => {
    const { line } = graph.get(cycle[0]).find(({ to }) => to === cycle[1])
    say(join(src, `${cycle[0]}.ts`), line, `is in a cycle of ${of}: ${cycle.join(' -> ')}`)
  }
  const callbacks = callbacksIn(src)
  for (const { path, line } of callbacks.length > MAX_CALLBACKS ? callbacks : [])
    say(
      path,
      line,
      `is one of ${callbacks.length} options of the engine that are functions; ${MAX_CALLBACKS} is the limit`,
    )
  const cycles = findCycles(runtime)
  for (const cycle of cycles) sayCycle(cycle, 'imports')
  const reported = new Set(cycles.flat())
  for (const cycle of findCycles(graph)) {
    if (!cycle.some((file) => reported.has(file))) sayCycle(cycle, 'imports of types')
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
