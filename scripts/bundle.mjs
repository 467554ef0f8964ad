#!/usr/bin/env node
// Packs the compiled modules of build/ into the few published files of dist/: a thread that loads ten files starts twice as
// fast as one that loads 160. Modules are split, not copied: a thread's entry and the user's pipeline module import the
// same instance.
import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

/** Modules that users, threads and child processes load by name. */
const ENTRIES = [
  'index',
  'testing',
  'cli/main',
  'cli/bench/child',
  'cli/stress/child',
  'cli/watch/child',
  'cli/watch/resolve-hooks',
  ...['in-place', 'join', 'state', 'unordered', 'windows', 'wordcount'].map((name) => `cli/stress/pipelines/${name}`),
  'engine/driver-thread/entry',
  'pool/worker/entry',
  'connectors/actors/client',
  'connectors/actors/index',
  'files/memory',
  'connectors/flume/index',
  'connectors/http/index',
  'connectors/http/writer',
  'formats/reader',
  'connectors/kafka/index',
  'connectors/kafka/reader',
  'connectors/kafka/writer',
  'connectors/postgres/index',
  'connectors/sse/index',
  'connectors/websocket/index',
  'connectors/postgres/changes/reader',
  'connectors/postgres/table/reader',
  'connectors/postgres/writer',
  'connectors/sqlite/index',
  'connectors/sqlite/reader',
  'connectors/sqlite/writer',
  'connectors/x/index',
  'connectors/zeromq/index',
  'connectors/zeromq/socket-thread',
  'connectors/zeromq/writer',
  'connectors/redis/index',
  'connectors/redis/reader',
  'connectors/redis/writer',
  'connectors/mqtt/index',
  'connectors/mqtt/writer',
  'connectors/nats/index',
  'connectors/nats/reader',
  'connectors/nats/writer',
  'metrics/index',
  'metrics/opentelemetry/index',
  'sql/index',
  'sql/duckdb-process',
  'sql/process/entry',
  // Its own entry, because other files are found relative to it.
  'package-root',
]
const FILES = ['pool/worker/bootstrap.cjs', 'pool/kernels/kernels.wasm']

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: ENTRIES.map((entry) => `build/${entry}.js`),
  outbase: 'build',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // The package has no src for maps to refer to: it would be half of its bytes. The published code is readable as it is.
  sourcemap: process.argv.includes('--published') ? false : 'linked',
  sourcesContent: false,
  logLevel: 'warning',
})
await bundlePage()
for (const file of FILES) cpSync(`build/${file}`, `dist/${file}`)
chmodSync('dist/cli/main.js', 0o755)

/** The page of `ui`, with its plot library: one script and one style sheet, so that no request leaves the machine. */
async function bundlePage() {
  mkdirSync('build/ui/page', { recursive: true })
  await build({
    entryPoints: { page: 'src/ui/page/main.ts', style: 'src/ui/page/page.css' },
    entryNames: '[name]',
    outdir: 'build/ui/page',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // The licences of bundled packages stay in the files.
    legalComments: 'eof',
    logLevel: 'warning',
  })
  for (const file of ['index.html', 'icon.svg']) cpSync(`src/ui/page/${file}`, `build/ui/page/${file}`)
  cpSync('node_modules/uplot/LICENSE', 'build/ui/page/LICENSE-uPlot.txt')
  cpSync('build/ui/page', 'dist/ui/page', { recursive: true })
}
