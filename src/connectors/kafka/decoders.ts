import { SourceError } from '../../errors.js'
import { ExportLoader } from '../../pool/export-loader.js'
import type { KafkaDecoder, KafkaDecoderRef, KafkaFormat } from './record-format.js'

/** Decodes the bytes of a record's value. */
export type Decode = (bytes: Buffer, topic: string) => unknown

const decoders = new ExportLoader<KafkaDecoder>(
  'decoder',
  'decode',
  'decode(bytes, topic), which returns a record',
  SourceError,
)

/** Returns the decoding function for a format. Loads the module of a custom decoder, once per thread. */
export async function decoderOf(format: KafkaFormat | KafkaDecoderRef): Promise<Decode> {
  if (typeof format === 'string') return (bytes) => decodeAs(format, bytes)
  const decoder = await decoders.load(format)
  return (bytes, topic) => decoder.decode(bytes, topic)
}

export function decodeAs(format: KafkaFormat, bytes: Buffer): unknown {
  if (format === 'bytes') return bytes
  const text = bytes.toString()
  return format === 'json' ? JSON.parse(text) : text
}
