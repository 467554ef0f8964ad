import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { FileSystem, FileSystemFactory, FileSystemRef } from './file-system.js'
import { checkHdfsOptions, type HdfsOptions } from './hdfs/options.js'
import { LocalFileSystem } from './local.js'
import { absolutePath, schemeOf } from './paths.js'
import { checkS3Options, type S3Options } from './s3/options.js'

/** Options of the file systems that Millrace includes, and references to others by scheme. */
export interface FileSystemsOptions {
  /** For `hdfs://`, `webhdfs://` and `swebhdfs://`. */
  readonly hdfs?: HdfsOptions
  /** For `s3://bucket/key`, also written `s3a://`. */
  readonly s3?: S3Options
  readonly [scheme: string]: FileSystemRef | HdfsOptions | S3Options | undefined
}

/** Loads the export that a reference names. */
export type LoadFileSystem = (ref: FileSystemRef) => Promise<FileSystemFactory>

interface BuiltIn {
  /** The key of its options. */
  readonly options: 'hdfs' | 's3'
  readonly load: () => Promise<FileSystemFactory>
}

const hdfs: BuiltIn = { options: 'hdfs', load: async () => (await import('./hdfs/hdfs.js')).hdfsFileSystem }
const s3: BuiltIn = { options: 's3', load: async () => (await import('./s3/s3.js')).s3FileSystem }
/** Loaded when the first path of the scheme is used. */
const BUILT_IN: Readonly<Record<string, BuiltIn>> = { hdfs, webhdfs: hdfs, swebhdfs: hdfs, s3, s3a: s3 }
const CHECKS: Readonly<Record<BuiltIn['options'], (options: unknown) => void>> = {
  hdfs: checkHdfsOptions,
  s3: checkS3Options,
}

const SCHEME = /^[a-z][a-z\d+.-]*$/

/** The file systems of one context in one thread, by scheme. Each opens when its first path is used. */
export class FileSystems {
  readonly #options: FileSystemsOptions
  readonly #load: LoadFileSystem
  readonly #open = new Map<string, Promise<FileSystem>>()
  readonly #local = Promise.resolve<FileSystem>(new LocalFileSystem())

  /** `load`: needed only for references. */
  constructor(options: FileSystemsOptions, load: LoadFileSystem) {
    this.#options = options
    this.#load = load
  }

  /**
   * Returns the absolute form of a path or URL, which all other code uses. `what` names the operation in errors.
   *
   * @throws ArgumentError unless it is a path or a URL of a known scheme.
   */
  resolve(given: string | URL, what: string): string {
    const path = absolutePath(given, what)
    const scheme = schemeOf(path)
    if (scheme === undefined || Object.hasOwn(this.#options, scheme) || Object.hasOwn(BUILT_IN, scheme)) return path
    const schemes = new Set(['file', ...Object.keys(BUILT_IN), ...Object.keys(this.#options)])
    const known = [...schemes].map((name) => `${name}:`).join(', ')
    throw new ArgumentError(
      `${what} got ${describe(path)}; it takes a path or a URL of one of these file systems: ${known}. Others come with the option fileSystems.`,
      { path },
    )
  }

  /** Returns the file system of an absolute path. Rejects if it cannot be loaded; the next call then tries again. */
  async of(path: string): Promise<FileSystem> {
    const scheme = schemeOf(path)
    if (scheme === undefined) return await this.#local
    const known = this.#open.get(scheme)
    if (known) return await known
    this.resolve(path, 'The file system')
    const opening = this.#opened(scheme)
    this.#open.set(scheme, opening)
    opening.catch(() => this.#open.delete(scheme))
    return await opening
  }

  /** Closes the file systems that are open. */
  async close(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(async (opening) => (await opening.catch(() => undefined))?.close?.()))
  }

  async #opened(scheme: string): Promise<FileSystem> {
    const given = this.#options[scheme]
    if (isRef(given)) return await (await this.#load(given)).open(given.options)
    const { options, load } = BUILT_IN[scheme]!
    return await (await load()).open(this.#options[options])
  }
}

function isRef(value: unknown): value is FileSystemRef {
  const { module, export: name } = (value ?? {}) as Partial<FileSystemRef>
  return typeof module === 'string' && typeof name === 'string'
}

/** Checks the option `fileSystems`. @throws ArgumentError unless it is an object of file systems by scheme. */
export function checkFileSystems(given: FileSystemsOptions = {}): FileSystemsOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ArgumentError(
      `fileSystems is ${describe(given)}; it must be an object such as { hdfs: { user: 'etl' } }.`,
    )
  }
  for (const [scheme, value] of Object.entries(given)) {
    if (isRef(value) && SCHEME.test(scheme) && scheme !== 'file') continue
    if (Object.hasOwn(CHECKS, scheme)) CHECKS[scheme as BuiltIn['options']](value)
    else throw noFileSystem(scheme)
  }
  return given
}

function noFileSystem(scheme: string): ArgumentError {
  if (!SCHEME.test(scheme) || scheme === 'file') {
    return new ArgumentError(
      `fileSystems has ${describe(scheme)}; it must be a scheme other than file, such as ftp for ftp://host/path.`,
      { scheme },
    )
  }
  return new ArgumentError(`fileSystems.${scheme} is not a file system; it must be { module, export, options }.`, {
    scheme,
  })
}
