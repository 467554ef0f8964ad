import type { FileIdentity } from './identity.js'

/** The part of a file to read, in bytes. Default: all of it. */
export interface ByteRange {
  readonly start?: number
  /** The offset after the last byte. */
  readonly end?: number
  /** Aborts when nothing waits for the bytes any more. */
  readonly signal?: AbortSignal
}

/**
 * The kind of an entry. `link`: a link; `stat` finds the kind of its target. `unknown`: the listing contains no kind.
 */
export type EntryKind = 'file' | 'directory' | 'other' | 'link' | 'unknown'

/** An entry of a directory. */
export interface DirectoryEntry {
  readonly name: string
  readonly kind: EntryKind
  /** Set if the file system's listing contains it; otherwise `stat` must be called. */
  readonly file?: FileIdentity
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other'
  readonly file: FileIdentity
}

export interface CreateOptions {
  /**
   * Whether the call rejects with the reason `exists` if the path exists; only one of several callers succeeds (false).
   */
  readonly exclusive?: boolean
  /** Whether directories above the file are created; otherwise the call or `close` rejects if one is missing (true). */
  readonly parents?: boolean
  /** Whether the bytes survive a power failure after `close` has resolved (false). */
  readonly durable?: boolean
}

export interface RenameOptions {
  readonly replace?: boolean
  readonly durable?: boolean
}

/** A file that is being written. */
export interface FileOutput {
  /** Appends bytes, which the caller must not change. Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /** Completes the file. */
  close(): Promise<void>
  /** Stops without a complete file, and removes the written bytes as far as possible. Never rejects. */
  abort(): Promise<void>
}

/** A file that grows. Readers find what it has, also while it is open. */
export interface AppendOutput {
  /**
   * Appends the pieces, which the caller must not change meanwhile. After a rejection the file may end with a part of
   * them.
   */
  append(pieces: readonly Uint8Array[]): Promise<void>
  /** Resolves when all appended bytes, and the name of the file, survive a power failure. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** A file whose bytes are stored and which `publish` makes visible: plain data, so any thread may publish it. */
export interface StagedFile {
  readonly path: string
}

export interface StagedOutput extends Omit<FileOutput, 'close'> {
  /** Stores the last bytes. Returns the data that `publish` needs. */
  close(): Promise<StagedFile>
}

/**
 * The files of one scheme, in one thread. Paths are absolute: a local path, or a URL such as `hdfs://host:9870/a/b`,
 * whose characters are taken literally. Calls reject with FileSystemError, whose `reason` says why.
 */
export interface FileSystem {
  /** The name in errors, such as `hdfs`. Must not contain secrets. */
  readonly name: string
  /** Returns the status of a path; undefined if it does not exist. */
  stat(path: string): Promise<FileStatus | undefined>
  /** Returns the entries of a directory, in any order; undefined if there is no such directory. */
  list(directory: string): Promise<readonly DirectoryEntry[] | undefined>
  /**
   * Yields the bytes of a file, in pieces that the reader may keep. Stops at the end of the file, even before
   * `range.end`.
   */
  read(path: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /** Creates a file and the directories above it. Replaces an existing file. */
  create(path: string, options?: CreateOptions): Promise<FileOutput>
  /** Deletes a file, or a directory with all of its contents. Does nothing if the path does not exist. */
  delete(path: string): Promise<void>
  /** Creates a directory and those above it. Does nothing if it exists. */
  mkdirs(path: string): Promise<void>
  /**
   * Renames a file or directory atomically: at every time exactly one of the names exists. If the new name exists,
   * rejects with the reason `exists`, unless `replace` is set, which replaces a file. With `durable`, the new name
   * survives a power failure. Absent if the file system cannot rename; it must then have `stage`, `publish` and
   * `discardStaged`.
   */
  rename?(from: string, to: string, options?: RenameOptions): Promise<void>
  /** Creates a file that becomes visible with `publish`. */
  stage?(path: string): Promise<StagedOutput>
  /** Makes a staged file visible atomically, and replaces an existing one. Does nothing if it was already published. */
  publish?(file: StagedFile): Promise<void>
  /** Removes staged files below a directory that were not published. */
  discardStaged?(directory: string): Promise<void>
  /**
   * Creates a file that grows, and the directories above it. Rejects with the reason `exists` if something has the
   * path. Absent if files of this system appear whole: a log then consists of more files.
   */
  append?(path: string): Promise<AppendOutput>
  /** Sets the modification time of a file to now. Without it, the file is written again. */
  touch?(path: string): Promise<void>
  /** Creates a second name for a file, or copies it. Without this method, the file is read and written. */
  copy?(from: string, to: string): Promise<void>
  /** Returns the path without symbolic links. */
  realPath?(path: string): Promise<string>
  /** Releases connections. Called once, when the thread or its context ends. */
  close?(): Promise<void>
}

/** An export of a module that every thread loads once. The export is a FileSystemFactory. */
export interface FileSystemRef {
  /** The URL of a JavaScript module. */
  readonly module: string
  readonly export: string
  /**
   * Options of the file system, as plain data. They are sent to the threads and appear in no error, event or
   * checkpoint.
   */
  readonly options?: object
}

/** Opens the file system of a thread. */
export interface FileSystemFactory {
  open(options: unknown): FileSystem | Promise<FileSystem>
}
