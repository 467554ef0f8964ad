import { parquetReadObjects } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { DStream, FileSystem, FileSystemsOptions, StreamingContext, TextFileOptions } from 'millrace'
import { FileSystems } from '#build/files/file-systems.js'
import {
  type Malformed,
  type MidRead,
  type NotApplicable,
  notApplicable,
  SECRET,
  type SinkRow,
  type SourceRow,
  type TestServer,
} from './row.js'

/** A directory that a test has for itself. */
export interface Place {
  readonly directory: string
  readonly fileSystems: FileSystemsOptions
}

/** Directories below one path or URL. */
export abstract class Directories implements TestServer {
  readonly fileSystems: FileSystemsOptions
  readonly #root: string
  readonly #systems: FileSystems
  #places = 0
  #files = 0

  constructor(root: string, fileSystems: FileSystemsOptions = {}) {
    this.#root = root
    this.fileSystems = fileSystems
    this.#systems = new FileSystems(fileSystems, () => Promise.reject())
  }

  async newPlace(): Promise<Place> {
    const directory = `${this.#root}/place-${++this.#places}`
    await (await this.#system()).mkdirs(directory)
    return { directory, fileSystems: this.fileSystems }
  }

  /** Creates a file that appears as a whole. */
  async put({ directory }: Place, bytes: Uint8Array): Promise<void> {
    const system = await this.#system()
    const name = `file-${++this.#files}`
    const hidden = system.rename ? `${directory}/.${name}` : `${directory}/${name}`
    const output = await system.create(hidden)
    await output.write(bytes)
    await output.close()
    await system.rename?.(hidden, `${directory}/${name}`)
  }

  /** The files of complete saves below a directory. */
  async saved({ directory }: Place): Promise<Uint8Array[]> {
    const system = await this.#system()
    const contents: Uint8Array[] = []
    for (const { name: save } of (await system.list(directory)) ?? []) {
      const names = ((await system.list(`${directory}/${save}`)) ?? []).map(({ name }) => name)
      if (!names.includes('_SUCCESS')) continue
      for (const name of names)
        if (name.startsWith('part-')) contents.push(await bytesOf(system, `${directory}/${save}/${name}`))
    }
    return contents
  }

  abstract crash(): Promise<void>
  abstract restart(): Promise<void>

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#systems.close()
  }

  #system(): Promise<FileSystem> {
    return this.#systems.of(this.#root)
  }
}

async function bytesOf(system: FileSystem, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of system.read(path)) pieces.push(piece)
  return Buffer.concat(pieces)
}

interface BadFile {
  readonly bytes: Uint8Array
  /** Whether the file has the record 1 too, which a stream with `onRecordError` yields. */
  readonly hasGood: boolean
  readonly says: readonly string[]
}

/** How numbers are files. The tests read and write them by code of their own. */
interface Kind {
  readonly name: string
  open(ssc: StreamingContext, directory: string, options: TextFileOptions): DStream<unknown>
  serial(record: unknown): number
  save(stream: DStream<unknown>, prefix: string, options?: object): void
  record(n: number): unknown
  encode(numbers: readonly number[]): Uint8Array
  decode(bytes: Uint8Array): number[] | Promise<number[]>
  /** A file with a record that cannot be read. */
  readonly malformed: BadFile | NotApplicable
  /** A record that cannot be written. */
  readonly unwritable: { readonly record: unknown; readonly says: readonly string[] } | NotApplicable
}

const linesIn = (bytes: Uint8Array) => Buffer.from(bytes).toString().split('\n').slice(0, -1)

export const text: Kind = {
  name: 'text',
  open: (ssc, directory, options) => ssc.textFileStream(directory, options),
  serial: Number,
  save: (stream, prefix, options) => stream.saveAsTextFiles(prefix, '', options),
  record: (n) => n,
  encode: (numbers) => Buffer.from(`${numbers.join('\n')}\n`),
  decode: (bytes) => linesIn(bytes).map(Number),
  malformed: notApplicable('all bytes are text'),
  unwritable: notApplicable('all data can be written as text'),
}

export const json: Kind = {
  name: 'json',
  open: (ssc, directory, options) => ssc.fileStream(directory, { ...options, format: 'json' }),
  serial: (record) => (record as { n: number }).n,
  save: (stream, prefix, options) => stream.saveAsJsonFiles(prefix, '', options),
  record: (n) => ({ n }),
  encode: (numbers) => Buffer.from(numbers.map((n) => `${JSON.stringify({ n })}\n`).join('')),
  decode: (bytes) => linesIn(bytes).map((line) => JSON.parse(line).n),
  malformed: {
    bytes: Buffer.from('{"n":1}\n{"n":\n'),
    hasGood: true,
    says: ['The record at byte 8 of', 'is not JSON: "{\\"n\\":"'],
  },
  unwritable: notApplicable('all data can be written as JSON'),
}

export const parquet: Kind = {
  name: 'parquet',
  open: (ssc, directory, options) => ssc.fileStream(directory, { ...options, format: 'parquet' }),
  serial: (record) => (record as { n: number }).n,
  save: (stream, prefix, options) => stream.saveAsParquetFiles(prefix, '', options),
  record: (n) => ({ n }),
  encode: (numbers) => {
    const data = [...numbers]
    return new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'n', data, type: 'INT32' }], rowGroupSize: 100 }))
  },
  decode: async (bytes) => {
    const file = Uint8Array.from(bytes).buffer
    return (await parquetReadObjects({ file })).map(({ n }) => Number(n))
  },
  malformed: {
    bytes: Buffer.from('this is no Parquet'),
    hasGood: false,
    says: ['cannot be read as Parquet', 'its footer'],
  },
  unwritable: { record: 4, says: ['for Parquet is 4'] },
}

/** The faults of a file system's users: paths that lead nowhere, and credentials that it refuses. */
export interface FileFaults<S extends TestServer> {
  readonly restart?: NotApplicable
  readonly midRead?: MidRead<S, Place>
  readonly unreachable: Fault<S> | NotApplicable
  readonly misplaced: Fault<S> | NotApplicable
  readonly refused: Fault<S> | NotApplicable
}

interface Fault<S extends TestServer> {
  readonly path: (server: S) => string
  readonly fileSystems?: (server: S) => FileSystemsOptions
  /** Whether the source reports the fault and continues. */
  readonly isPassing?: boolean
  /** Texts of the error of a source, and of a sink. */
  readonly reading: readonly string[]
  readonly writing: readonly string[]
}

/** Takes files of any age, as their servers and the clock of the test differ. */
const ANY_AGE: TextFileOptions = { newFilesOnly: false, minRemember: 24 * 3_600_000 }
const NO_CLIENT = notApplicable('it needs no package')

function malformedFile<S extends Directories>(kind: Kind, { bytes, hasGood, says }: BadFile): Malformed<S, Place> {
  const opening = (options: object) => (ssc: StreamingContext, place: Place) =>
    kind.open(ssc, place.directory, { ...ANY_AGE, ...options })
  return {
    send: (server, place) => server.put(place, bytes),
    open: opening({}),
    rejecting: hasGood ? opening({ onRecordError: 'dead-letter' }) : undefined,
    says,
  }
}

export function fileSource<S extends Directories>(kind: Kind, faults: FileFaults<S>): SourceRow<S, Place> {
  const maker = kind.name === 'text' ? 'textFileStream' : 'fileStream'
  const open = (ssc: StreamingContext, { directory }: Place) => kind.open(ssc, directory, ANY_AGE)
  const malformed = 'bytes' in kind.malformed ? malformedFile<S>(kind, kind.malformed) : kind.malformed
  const bad = (fault: Fault<S> | NotApplicable) =>
    'path' in fault
      ? {
          open: (ssc: StreamingContext, server: S) => kind.open(ssc, fault.path(server), ANY_AGE),
          options: (server: S) => ({ fileSystems: fault.fileSystems?.(server) ?? server.fileSystems }),
          code: fault.isPassing ? undefined : ('ERR_MILLRACE_SOURCE' as const),
          says: fault.reading,
        }
      : fault
  return {
    name: `${maker}, ${kind.name}`,
    guarantee: { threads: 'exactly-once', process: 'exactly-once' },
    options: ({ fileSystems }) => ({ fileSystems }),
    create: (server) => server.newPlace(),
    send: (server, place, from, to) =>
      server.put(place, kind.encode(Array.from({ length: to - from }, (_, i) => from + i))),
    open,
    serial: kind.serial,
    slow: notApplicable('a batch takes the files of its interval, whatever their size'),
    malformed,
    restart: faults.restart,
    midRead: faults.midRead,
    bad: {
      'unreachable host': bad(faults.unreachable),
      'wrong place': bad(faults.misplaced),
      'refused credentials': bad(faults.refused),
      'wrong option': {
        open: (ssc) => kind.open(ssc, '/tmp', { password: SECRET } as object),
        code: 'ERR_MILLRACE_ARGUMENT',
        says: [`${maker}: unknown option 'password'`, 'newFilesOnly'],
      },
      'missing client': NO_CLIENT,
    },
  }
}

export function fileSink<S extends Directories>(kind: Kind, faults: FileFaults<S>): SinkRow<S, Place> {
  const bad = (fault: Fault<S> | NotApplicable) =>
    'path' in fault
      ? {
          open: (server: S) => (stream: DStream<never>) => kind.save(stream, `${fault.path(server)}/batch`),
          options: (server: S) => ({ fileSystems: fault.fileSystems?.(server) ?? server.fileSystems }),
          code: 'ERR_MILLRACE_SAVE' as const,
          says: fault.writing,
        }
      : fault
  const maker = `saveAs${kind.name[0]!.toUpperCase()}${kind.name.slice(1)}Files`
  return {
    name: maker,
    guarantee: { threads: 'exactly-once', process: 'exactly-once' },
    options: ({ fileSystems }) => ({ fileSystems }),
    create: (server) => server.newPlace(),
    open:
      ({ directory }) =>
      (stream) =>
        kind.save(stream, `${directory}/batch`),
    record: kind.record,
    read: async (server, place) => {
      const files = await server.saved(place)
      return (await Promise.all(files.map((bytes) => kind.decode(bytes)))).flat()
    },
    malformed: kind.unwritable,
    restart: faults.restart,
    bad: {
      'unreachable host': bad(faults.unreachable),
      'wrong place': bad(faults.misplaced),
      'refused credentials': bad(faults.refused),
      'wrong option': {
        open: () => (stream) => kind.save(stream, '/tmp/batch', { password: SECRET }),
        code: 'ERR_MILLRACE_ARGUMENT',
        says: [`${maker}: unknown option 'password'`],
      },
      'missing client': NO_CLIENT,
    },
  }
}
