#!/usr/bin/env node
// Packs the compiled modules of build/ into the few published files of dist/: a thread that loads ten files starts twice as
// fast as one that loads 160. Modules are split, not copied: a thread's entry and the user's pipeline module import the
// same instance.
import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { build } from 'esbuild'
import { ENTRIES } from './entries.mjs'

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
