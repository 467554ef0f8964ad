// What tests of the packed package need: the tools of users, and other runtimes than the one that runs the tests.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

const TOOLS = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-json': '6.1.0',
  '@rollup/plugin-node-resolve': '16.0.3',
  jest: '30.5.2',
  pnpm: '10.34.9',
  rollup: '4.68.8',
  vite: '8.4.0',
}
/** Bundlers of applications. A service of their own: Next is larger than all other tools together. */
const BUILDERS = {
  next: '16.4.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  webpack: '5.113.0',
  'webpack-cli': '6.0.1',
}
const NODE = { node22: '22.23.3', node24: '24.21.0' }
const OTHERS = { bun: '1.4.5', deno: '2.9.6' }
const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))

/** The command that installs packages into a project, with the caches that `consumers` fills. */
export function installCommand(folder, manager) {
  if (manager === 'npm') return ['npm', 'install', '--cache', join(folder, 'npm'), '--no-audit', '--no-fund']
  const pnpm = join(folder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs')
  const caches = ['--store-dir', join(folder, 'pnpm'), `--config.cache-dir=${join(folder, 'pnpm-cache')}`]
  return [process.execPath, pnpm, 'install', ...caches]
}

/**
 * Bundlers, a test runner and pnpm, and the dependencies of the package in caches of npm and of pnpm, so that tests install the
 * tarball without a registry.
 */
export function consumers(folder) {
  write(folder, TOOLS)
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {}, folder)
  for (const manager of ['npm', 'pnpm']) {
    const project = join(folder, `for-${manager}`)
    mkdirSync(project)
    write(project, dependencies)
    const [command, ...args] = installCommand(folder, manager)
    run(command, args, {}, project)
    rmSync(project, { recursive: true })
  }
}
consumers.version = JSON.stringify({ ...TOOLS, ...dependencies })

/** Webpack, and Next with the compiler of this platform. */
export function builders(folder) {
  write(folder, BUILDERS)
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {}, folder)
}
builders.version = JSON.stringify(BUILDERS)

/** Node's long-term versions, Bun and Deno: packages with the programs, whose install scripts are not needed. */
export function runtimes(folder) {
  const target = `${process.platform}-${process.arch}`
  const node = Object.entries(NODE).map(([name, version]) => [name, `npm:node-${target}@${version}`])
  write(folder, { ...Object.fromEntries(node), ...OTHERS })
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {}, folder)
}
runtimes.version = JSON.stringify({ ...NODE, ...OTHERS })

/** The program of a runtime: `node22`, `node24`, `bun` or `deno`. */
export function runtimeProgram(folder, name) {
  const modules = join(folder, 'node_modules')
  if (name in NODE) return join(modules, name, 'bin', 'node')
  const scope = join(modules, name === 'bun' ? '@oven' : '@deno')
  const [platform] = readdirSync(scope)
  return join(scope, platform, ...(name === 'bun' ? ['bin', 'bun'] : ['deno']))
}

function write(folder, dependencies) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
}
