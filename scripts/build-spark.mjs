#!/usr/bin/env node
// Builds the package of the Spark bridge in bridge/spark/dist: the jars with Maven, and the worker of the executors as one file. Needs
// `npm run build` before it, Java 17 and Maven. Arguments: the versions of Scala; all of them by default.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const BRIDGE = 'bridge/spark'
const DIST = `${BRIDGE}/dist`
/** The packages that formats/parquet/packages.ts loads by name. */
const PARQUET = ['hyparquet', 'hyparquet-writer', 'hyparquet-compressors']
/** The version of Spark that the jar for a version of Scala is compiled with. */
const SPARK = { 2.13: '4.0.1', 2.12: '3.5.1' }
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SPARK)
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync(DIST, { recursive: true, force: true })
mkdirSync(DIST, { recursive: true })
for (const scala of wanted) {
  const versions = [`-Dspark.version=${SPARK[scala]}`, `-Dscala.binary.version=${scala}`]
  execFileSync('mvn', ['-q', '-B', '-ntp', '-f', `${BRIDGE}/pom.xml`, ...versions, 'package'], { stdio: 'inherit' })
  const jar = `millrace-spark-bridge_${scala}.jar`
  copyFileSync(`${BRIDGE}/target/${scala}/${jar}`, `${DIST}/${jar}`)
}
copyFileSync('build/pool/kernels/kernels.wasm', `${DIST}/kernels.wasm`)
await build({
  entryPoints: ['build/spark/worker/main.js'],
  outfile: `${DIST}/millrace-worker.mjs`,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  define: { MILLRACE_VERSION: JSON.stringify(version) },
  // Loaded only where a function needs them. CommonJS packages call require.
  external: ['lz4js', 'snappyjs', '@duckdb/node-api', 'msgpackr-extract', 'tsx', 'esbuild'],
  banner: { js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);" },
  plugins: [inOneFile()],
  logLevel: 'warning',
})

/** Executors have no packages: modules that load one on first use have it in the bundle. The kernels are beside the worker. */
function inOneFile() {
  const changes = [
    [/pool\/kernels\/text-kernels\.js$/, /'pool\/kernels\/kernels\.wasm'/, "'kernels.wasm'"],
    [/pool\/blocks\/packed-column\.js$/, /\bload\('msgpackr'\)/, "require('msgpackr')"],
    [/files\/compression\.js$/, /createRequire\(import\.meta\.url\)\('fzstd'\)/, "require('fzstd')"],
    [
      /formats\/parquet\/packages\.js$/,
      /import\(name\)/,
      `{ ${PARQUET.map((name) => `'${name}': () => import('${name}')`)} }[name]()`,
    ],
    [/ops\/functions\/parse\.js$/, /createRequire\(import\.meta\.url\)\('acorn'\)/, "require('acorn')"],
  ]
  return {
    name: 'in one file',
    setup({ onLoad }) {
      for (const [filter, from, to] of changes) {
        onLoad({ filter }, ({ path }) => {
          const text = readFileSync(path, 'utf8')
          if (!from.test(text)) throw new Error(`${path} has no ${from}: the worker would not find what it loads`)
          return { contents: text.replace(from, to), loader: 'js' }
        })
      }
    },
  }
}
