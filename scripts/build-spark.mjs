#!/usr/bin/env node
// Builds the package of the Spark bridge in bridge/spark/dist: the jars with Maven, and an archive with what executors load. Needs
// `npm run build` before it, Java 17 and Maven. Arguments: the versions of Scala; all of them by default.
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { ENTRIES } from './entries.mjs'

const BRIDGE = 'bridge/spark'
const DIST = `${BRIDGE}/dist`
const LIBRARY = `${BRIDGE}/target/library`
/** Executors never load these: the command, and modules of other processes of the driver. */
const DRIVERS_OWN = /^cli\/|^engine\/driver-thread\//
/** The packages that formats/parquet/packages.ts loads by name. */
const PARQUET = ['hyparquet', 'hyparquet-writer', 'hyparquet-compressors']
/** Optional packages that the archive has all the same. */
const INSIDE = [...PARQUET, 'fzstd']
/** The version of Spark that the jar for a version of Scala is compiled with. */
const SPARK = { 2.13: '4.0.1', 2.12: '3.5.1' }
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SPARK)
const { version, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync(DIST, { recursive: true, force: true })
mkdirSync(DIST, { recursive: true })
for (const scala of wanted) {
  const versions = [`-Dspark.version=${SPARK[scala]}`, `-Dscala.binary.version=${scala}`]
  execFileSync('mvn', ['-q', '-B', '-ntp', '-f', `${BRIDGE}/pom.xml`, ...versions, 'package'], { stdio: 'inherit' })
  const jar = `millrace-spark-bridge_${scala}.jar`
  copyFileSync(`${BRIDGE}/target/${scala}/${jar}`, `${DIST}/${jar}`)
}
await buildLibrary()

/**
 * The package as executors have it: laid out as the main one, with its dependencies inside. The worker and the modules that it loads by
 * URL share their code, as threads do: pipeline modules, readers and writers must have the worker's instance.
 */
async function buildLibrary() {
  rmSync(LIBRARY, { recursive: true, force: true })
  const entries = ENTRIES.filter((entry) => !DRIVERS_OWN.test(entry))
  await build({
    entryPoints: [
      ...entries.map((entry) => ({ in: `build/${entry}.js`, out: entry })),
      { in: 'build/spark/worker/main.js', out: 'millrace-worker' },
    ],
    outdir: `${LIBRARY}/dist`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Loaded only where a function or a connector needs them. CommonJS packages call require.
    external: [
      ...Object.keys(peerDependencies).filter((name) => !INSIDE.includes(name)),
      'msgpackr-extract',
      'esbuild',
    ],
    banner: {
      js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);",
    },
    plugins: [inOneFile()],
    logLevel: 'warning',
  })
  cpSync('build/pool/kernels/kernels.wasm', `${LIBRARY}/dist/pool/kernels/kernels.wasm`)
  writeFileSync(`${LIBRARY}/package.json`, JSON.stringify({ name: 'millrace', version, type: 'module' }))
  execFileSync('jar', ['--create', '--no-manifest', '--file', `${DIST}/millrace-library.zip`, '-C', LIBRARY, '.'])
}

/** Executors have no packages: modules that load one on first use have it in the bundle. */
function inOneFile() {
  const changes = [
    [/pool\/blocks\/packed-column\.js$/, /\bload\('msgpackr'\)/, "require('msgpackr')"],
    [/files\/compression\.js$/, /createRequire\(import\.meta\.url\)\('fzstd'\)/, "require('fzstd')"],
    [
      /formats\/parquet\/packages\.js$/,
      /import\(name\)/,
      `{ ${PARQUET.map((name) => `'${name}': () => import('${name}')`)} }[name]()`,
    ],
    [/ops\/functions\/syntax\/parse\.js$/, /createRequire\(import\.meta\.url\)\('acorn'\)/, "require('acorn')"],
  ]
  return {
    name: 'in one file',
    setup({ onLoad, onEnd }) {
      const left = new Set(changes.map(([filter]) => filter))
      onEnd(() => {
        if (left.size > 0)
          throw new Error(`No module is at ${[...left].join(', ')}: the worker would not find what it loads`)
      })
      for (const [filter, from, to] of changes) {
        onLoad({ filter }, ({ path }) => {
          left.delete(filter)
          const text = readFileSync(path, 'utf8')
          if (!from.test(text)) throw new Error(`${path} has no ${from}: the worker would not find what it loads`)
          return { contents: text.replace(from, to), loader: 'js' }
        })
      }
    },
  }
}
