import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { folderOf } from '../services/install.mjs'
import { installCommand } from '../services/tools.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Tools that users have and the repository has not, see test/services/tools.mjs. */
const TOOLS = folderOf('consumers')
const OWNERS = [TOOLS, folderOf('builders'), ROOT]
const NOBODY = 65_534

/**
 * The package as users get it: packed, and unpacked where it finds its dependencies and nothing else, as pnpm lays packages out.
 * Without a registry: the dependencies are those of the repository. `installed` asks a package manager instead, which finds
 * the dependencies in its cache.
 */
export class Consumers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  readonly tarball: string
  /** The installed package. */
  readonly package: string
  readonly #manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
  #stores = 0
  #projects = 0

  constructor() {
    const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', this.#folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    // A list of packages, or since npm 12 an object by name.
    const [first] = Object.values(JSON.parse(packed) as Record<string, { readonly filename: string }>)
    this.tarball = join(this.#folder, first!.filename)
    this.package = this.#unpack([])
  }

  /** An empty project that has installed the package, and other packages of the repository. */
  project(files: Readonly<Record<string, string>> = {}, packages: readonly string[] = []): string {
    const folder = join(this.#folder, `project-${++this.#projects}`)
    mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true })
    const peers = packages.filter((name) => name in this.#manifest.peerDependencies)
    symlinkSync(peers.length > 0 ? this.#unpack(peers) : this.package, join(folder, 'node_modules', 'millrace'))
    symlinkSync('../millrace/dist/cli/main.js', join(folder, 'node_modules', '.bin', 'millrace'))
    for (const name of packages) link(name, folder)
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return folder
  }

  /** An empty project that has installed the tarball with npm or pnpm, without a registry. */
  async installed(
    manager: 'npm' | 'pnpm',
    options: readonly string[] = [],
    files: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const folder = join(this.#folder, `installed-${++this.#projects}`)
    mkdirSync(folder)
    const dependencies = { millrace: `file:${this.tarball}` }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
    const [command, ...args] = installCommand(TOOLS, manager) as [string, ...string[]]
    const { code, stdout, stderr } = await runIn(folder, command, [...args, '--offline', ...options])
    if (code !== 0) throw new Error(`${manager} cannot install the tarball: ${stdout}${stderr}`)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return folder
  }

  /** Lets other users read the projects, and returns the option to run a program as one that may write none of them. */
  otherUser(): RunOptions {
    chmodSync(this.#folder, 0o755)
    return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  }

  /** Copies a package folder of the repository into a project, which then finds what the project has installed. */
  install(name: string, project: string): void {
    cpSync(join(ROOT, name), join(project, 'node_modules', name), { recursive: true })
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Unpacks the package beside its dependencies, and the peers that its project has. */
  #unpack(peers: readonly string[]): string {
    const store = join(this.#folder, `store-${++this.#stores}`)
    const target = join(store, 'node_modules', 'millrace')
    mkdirSync(target, { recursive: true })
    execFileSync('tar', ['-xzf', this.tarball, '-C', target, '--strip-components=1'])
    for (const name of [...Object.keys(this.#manifest.dependencies), ...peers]) link(name, store)
    return target
  }
}

function link(name: string, folder: string): void {
  const to = join(folder, 'node_modules', name)
  mkdirSync(dirname(to), { recursive: true })
  const owner = OWNERS.find((folder) => existsSync(join(folder, 'node_modules', name)))
  if (owner === undefined) throw new Error(`No folder of packages has ${name}: ${OWNERS.join(', ')}.`)
  symlinkSync(join(owner, 'node_modules', name), to)
}

export interface RunOptions {
  readonly uid?: number
  readonly gid?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program in a project. */
export async function runIn(
  project: string,
  command: string,
  args: readonly string[],
  { env: more, ...user }: RunOptions = {},
): Promise<Run> {
  const { NODE_OPTIONS: _, VITEST: __, ...inherited } = process.env
  const env = { ...inherited, PATH: `${project}/node_modules/.bin:${inherited.PATH}`, ...more }
  const options = { cwd: project, env, timeout: 280_000, ...user }
  try {
    return { code: 0, ...(await promisify(execFile)(command, args, options)) }
  } catch (error) {
    const { code, stdout, stderr } = error as Run
    if (typeof code !== 'number') throw error
    return { code, stdout, stderr }
  }
}
