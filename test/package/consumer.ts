import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

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

/**
 * The package as users get it: packed, and unpacked where it finds its dependencies and nothing else, as pnpm lays packages out.
 * Without a registry: the dependencies are those of the repository.
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
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return folder
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
  symlinkSync(join(ROOT, 'node_modules', name), to)
}

/** Runs a program in a project. */
export async function runIn(project: string, command: string, args: readonly string[]): Promise<Run> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const options = { cwd: project, env: { ...env, PATH: `${project}/node_modules/.bin:${env.PATH}` }, timeout: 110_000 }
  try {
    return { code: 0, ...(await promisify(execFile)(command, args, options)) }
  } catch (error) {
    const { code, stdout, stderr } = error as Run
    if (typeof code !== 'number') throw error
    return { code, stdout, stderr }
  }
}
