import type {
  ByteRange,
  CreateOptions,
  DirectoryEntry,
  FileOutput,
  FileStatus,
  FileSystem,
  FileSystemFactory,
  StagedFile,
  StagedOutput,
} from '../file-system.js'
import { resuming } from '../http.js'
import type { FileIdentity } from '../identity.js'
import { nameOf, splitUrl } from '../paths.js'
import { orMissing } from '../reasons.js'
import { S3Client, tagsOf } from './client.js'
import { checkS3Options } from './options.js'
import { S3Upload, type UploadedFile } from './upload.js'

/** The number of concurrent deletions. */
const AT_ONCE = 16

/**
 * Objects of S3 as files: keys are paths, and a directory exists while a key begins with its path. Objects cannot be
 * renamed.
 */
class S3 implements FileSystem {
  readonly name = 's3'
  readonly #client: S3Client

  constructor(options: unknown) {
    this.#client = new S3Client(checkS3Options(options))
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    const isRoot = splitUrl(path).path === '/'
    const found = isRoot ? undefined : await orMissing(this.#client.call({ method: 'HEAD', path }))
    if (found) {
      const { 'content-length': size, 'last-modified': modified, etag } = found.headers
      return { kind: 'file', file: identityOf(path, Number(size), modified!, etag!) }
    }
    const inside = await this.#page(path, { 'max-keys': '1' })
    return inside && inside.count > 0 ? { kind: 'directory', file: { size: 0, mtimeMs: 0, id: path } } : undefined
  }

  async list(directory: string): Promise<readonly DirectoryEntry[] | undefined> {
    const entries: DirectoryEntry[] = []
    for await (const page of this.#pages(directory, '/')) entries.push(...page)
    return entries.length > 0 ? entries : undefined
  }

  read(path: string, { start = 0, end, signal }: ByteRange = {}): AsyncIterable<Uint8Array> {
    if (start === 0 && end === undefined) return this.#client.bytes({ method: 'GET', path, signal })
    return resuming(start, end, (at) => this.#client.bytes({ method: 'GET', path, signal }, { start: at, end }))
  }

  async create(path: string, { exclusive = false }: CreateOptions = {}): Promise<FileOutput> {
    return new S3Upload(this.#client, path, exclusive)
  }

  async stage(path: string): Promise<StagedOutput> {
    const upload = new S3Upload(this.#client, path, false)
    return { write: (bytes) => upload.write(bytes), close: () => upload.stage(), abort: () => upload.abort() }
  }

  async publish(file: StagedFile): Promise<void> {
    await S3Upload.publish(this.#client, file as UploadedFile)
  }

  async discardStaged(directory: string): Promise<void> {
    const prefix = keyOf(directory)
    for (let more = true; more; ) {
      const query = { uploads: '', prefix }
      const { body } = await this.#client.call({ method: 'GET', path: bucketOf(directory), query })
      const uploads = tagsOf(body, 'Upload').map((xml) => ({
        key: tagsOf(xml, 'Key')[0]!,
        id: tagsOf(xml, 'UploadId')[0]!,
      }))
      for (const { key, id } of uploads) {
        const path = `${bucketOf(directory)}${key}`
        await orMissing(this.#client.call({ method: 'DELETE', path, query: { uploadId: id } }))
      }
      more = uploads.length > 0 && tagsOf(body, 'IsTruncated')[0] === 'true'
    }
  }

  async delete(path: string): Promise<void> {
    await orMissing(this.#client.call({ method: 'DELETE', path }))
    for await (const page of this.#pages(path)) {
      for (let at = 0; at < page.length; at += AT_ONCE) {
        const some = page.slice(at, at + AT_ONCE)
        await Promise.all(some.map(({ name }) => this.#client.call({ method: 'DELETE', path: `${path}/${name}` })))
      }
    }
  }

  /** Keys need no directory. */
  async mkdirs(): Promise<void> {}

  async close(): Promise<void> {
    this.#client.connections.close()
  }

  /** Yields pages of the entries below a directory; without a delimiter, also those below its subdirectories. */
  async *#pages(directory: string, delimiter?: string): AsyncIterable<DirectoryEntry[]> {
    for (let token: string | undefined; ; ) {
      const page = await this.#page(directory, { delimiter, 'continuation-token': token })
      if (!page) return
      yield page.entries
      if (page.next === undefined) return
      token = page.next
    }
  }

  async #page(directory: string, query: Readonly<Record<string, string | undefined>>) {
    const prefix = keyOf(directory)
    const all = { 'list-type': '2', 'encoding-type': 'url', prefix, ...query }
    const answer = await orMissing(this.#client.call({ method: 'GET', path: bucketOf(directory), query: all }))
    if (!answer) return undefined
    // Some servers ignore the request to encode keys.
    const isEncoded = tagsOf(answer.body, 'EncodingType')[0] === 'url'
    const decode = (key: string) => (isEncoded ? decodeURIComponent(key.replaceAll('+', ' ')) : key)
    const entries: DirectoryEntry[] = []
    const files = tagsOf(answer.body, 'Contents')
    for (const xml of files) {
      const key = decode(tagsOf(xml, 'Key')[0]!)
      const name = key.slice(prefix.length)
      // Other programs mark directories by empty objects.
      if (name === '' || name.endsWith('/')) continue
      const [size, modified, etag] = ['Size', 'LastModified', 'ETag'].map((tag) => tagsOf(xml, tag)[0]!)
      const path = `${bucketOf(directory)}${key}`
      entries.push({ name, kind: 'file', file: identityOf(path, Number(size), modified!, etag!) })
    }
    const directories = tagsOf(answer.body, 'CommonPrefixes').map((xml) => decode(tagsOf(xml, 'Prefix')[0]!))
    for (const path of directories) entries.push({ name: nameOf(`s3://b/${path}`), kind: 'directory' })
    const isTruncated = tagsOf(answer.body, 'IsTruncated')[0] === 'true'
    const next = isTruncated ? tagsOf(answer.body, 'NextContinuationToken')[0] : undefined
    return { entries, count: files.length + directories.length, next }
  }
}

/** Returns `s3://bucket/`. */
function bucketOf(path: string): string {
  return `${path.slice(0, path.indexOf('://'))}://${splitUrl(path).authority}/`
}

/** Returns the prefix of the keys in a directory. */
function keyOf(directory: string): string {
  const key = splitUrl(directory).path.slice(1)
  return key === '' || key.endsWith('/') ? key : `${key}/`
}

/**
 * Objects with equal bytes have equal ETags, so the identity includes the path. HTTP dates have no fractions of
 * seconds.
 */
function identityOf(path: string, size: number, modified: string, etag: string): FileIdentity {
  const { authority, path: key } = splitUrl(path)
  const mtimeMs = Math.floor(Date.parse(modified) / 1000) * 1000
  return { size, mtimeMs, id: `${etag.replaceAll('"', '')} ${authority}${key}` }
}

/** Opens `s3:` and `s3a:` paths with S3Options. */
export const s3FileSystem: FileSystemFactory = { open: (options) => new S3(options) }
