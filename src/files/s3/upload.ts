import { createHash } from 'node:crypto'
import type { FileOutput, StagedFile } from '../file-system.js'
import { hasReason, orMissing } from '../reasons.js'
import { type S3Client, tagsOf } from './client.js'

/** An upload whose parts are stored. */
export interface UploadedFile extends StagedFile {
  readonly uploadId: string
  /** ETags of the parts, in order. */
  readonly parts: readonly string[]
}

/** An object that is being written: one request if it is small, otherwise an upload in parts. */
export class S3Upload implements FileOutput {
  readonly #client: S3Client
  readonly #path: string
  readonly #exclusive: boolean
  #pending: Uint8Array[] = []
  #bytes = 0
  #uploadId: string | undefined
  readonly #parts: string[] = []

  constructor(client: S3Client, path: string, exclusive: boolean) {
    this.#client = client
    this.#path = path
    this.#exclusive = exclusive
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= this.#client.options.partBytes) await this.#sendPart()
  }

  async close(): Promise<void> {
    if (this.#uploadId !== undefined) return await S3Upload.publish(this.#client, await this.stage(), this.#headers())
    const body = Buffer.concat(this.#pending)
    await this.#client.call({ method: 'PUT', path: this.#path, headers: this.#headers(), body })
  }

  /** Stores the last part. The object stays invisible. */
  async stage(): Promise<UploadedFile> {
    if (this.#bytes > 0 || this.#parts.length === 0) await this.#sendPart()
    return { path: this.#path, uploadId: this.#uploadId!, parts: this.#parts }
  }

  async abort(): Promise<void> {
    this.#pending = []
    if (this.#uploadId === undefined) return
    const query = { uploadId: this.#uploadId }
    await this.#client.call({ method: 'DELETE', path: this.#path, query }).catch(() => undefined)
  }

  /** Completes an object from its parts. Does nothing if that was already done. */
  static async publish(client: S3Client, file: UploadedFile, headers: Record<string, string> = {}): Promise<void> {
    const { path, uploadId, parts } = file
    const list = parts.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('')
    const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`
    try {
      await client.call({ method: 'POST', path, query: { uploadId }, headers, body })
    } catch (error) {
      const isGone = hasReason(error, 'missing')
      const found = isGone ? await orMissing(client.call({ method: 'HEAD', path })) : undefined
      if (!found || !isOf(parts, found.headers.etag)) throw error
    }
  }

  async #sendPart(): Promise<void> {
    this.#uploadId ??= await this.#begin()
    const body = Buffer.concat(this.#pending)
    const query = { partNumber: String(this.#parts.length + 1), uploadId: this.#uploadId }
    const { headers } = await this.#client.call({ method: 'PUT', path: this.#path, query, body })
    this.#parts.push(headers.etag!)
    this.#pending = []
    this.#bytes = 0
  }

  async #begin(): Promise<string> {
    const { body } = await this.#client.call({ method: 'POST', path: this.#path, query: { uploads: '' } })
    return tagsOf(body, 'UploadId')[0]!
  }

  #headers(): Record<string, string> {
    return this.#exclusive ? { 'if-none-match': '*' } : {}
  }
}

/** Returns whether an ETag is that of an object with these parts: the digest of their digests, and their number. */
function isOf(parts: readonly string[], etag: string | undefined): boolean {
  const digests = parts.map((part) => Buffer.from(part.replaceAll('"', ''), 'hex'))
  const whole = createHash('md5').update(Buffer.concat(digests)).digest('hex')
  return etag?.replaceAll('"', '') === `${whole}-${parts.length}`
}
