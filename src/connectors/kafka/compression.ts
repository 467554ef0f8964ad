import * as zlib from 'node:zlib'
import { gunzipSync } from 'node:zlib'
import { SourceError } from '../../errors.js'

/** The most bytes that a record batch may decompress to. By default, a broker accepts batches of at most 1 MiB. */
const LONGEST_BATCH = 256 * 1024 * 1024

type Decompress = (bytes: Buffer) => Buffer | Promise<Buffer>

/** The codecs, by their numbers in a record batch's attributes. */
const CODECS: Readonly<Record<number, { readonly name: string; readonly decompress: Decompress }>> = {
  1: { name: 'gzip', decompress: (bytes) => gunzipSync(bytes, { maxOutputLength: LONGEST_BATCH }) },
  2: { name: 'snappy', decompress: unsnap },
  3: { name: 'lz4', decompress: unlz4 },
  4: { name: 'zstd', decompress: unzstd },
}

/**
 * Decompresses the records of a batch. snappy, lz4 and, before Node 22.15, zstd need a package that the user has
 * installed.
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  const known = CODECS[codec]
  if (!known) throw new RangeError(`compression ${codec} is not known`)
  return await known.decompress(bytes)
}

/**
 * Java clients wrap snappy blocks: a header of 16 bytes, then blocks with their lengths. Other clients send one bare
 * block.
 */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])

async function unsnap(bytes: Buffer): Promise<Buffer> {
  const { uncompress } = await optional<{ uncompress: (block: Uint8Array, most?: number) => Uint8Array }>(
    'snappyjs',
    'snappy',
  )
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return asBuffer(uncompress(bytes, LONGEST_BATCH))
  const blocks: Buffer[] = []
  for (let at = 16; at + 4 <= bytes.length; ) {
    const length = bytes.readInt32BE(at)
    blocks.push(asBuffer(uncompress(bytes.subarray(at + 4, at + 4 + length), LONGEST_BATCH)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

async function unlz4(bytes: Buffer): Promise<Buffer> {
  const { decompress: inflate } = await optional<{
    decompress: (frame: Uint8Array, most?: number) => Uint8Array
  }>('lz4js', 'lz4')
  return asBuffer(inflate(bytes))
}

async function unzstd(bytes: Buffer): Promise<Buffer> {
  const native = (zlib as { zstdDecompressSync?: (bytes: Buffer, options: object) => Buffer }).zstdDecompressSync
  if (native) return native(bytes, { maxOutputLength: LONGEST_BATCH })
  const { decompress: inflate } = await optional<{ decompress: (frame: Uint8Array) => Uint8Array }>('fzstd', 'zstd')
  return asBuffer(inflate(bytes))
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
}

async function optional<M>(name: string, codec: string): Promise<M> {
  try {
    const loaded = (await import(name)) as M & { default?: M }
    return loaded.default ?? loaded
  } catch (cause) {
    throw new SourceError(
      `A Kafka topic holds batches compressed by ${codec}, and the package '${name}' that reads them cannot be loaded. Install it: npm install ${name}.`,
      { cause, details: { codec, package: name, final: true } },
    )
  }
}
