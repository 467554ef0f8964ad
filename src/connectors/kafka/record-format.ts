import { check } from './option-check.js'

/** How bytes become a value: as text, unchanged, or parsed as JSON. */
export type KafkaFormat = 'text' | 'bytes' | 'json'

/** A decoder that runs in the worker threads: an object that a module exports. */
export interface KafkaDecoderRef {
  /** URL of a JavaScript module. Each thread loads it once. */
  readonly module: string
  /** Name of the export, which is a KafkaDecoder. */
  readonly export: string
}

export interface KafkaDecoder<V = unknown> {
  /** Decodes the bytes of a record. An error fails the batch, and names topic and offset. */
  decode(bytes: Uint8Array, topic: string): V
}

/** How records are decoded in the worker threads. */
export interface RecordFormat {
  readonly value: KafkaFormat | KafkaDecoderRef
  readonly keys: KafkaFormat | undefined
  readonly headers: boolean
}

export const FORMATS = ['text', 'bytes', 'json'] as const

export function checkValue(value: KafkaFormat | KafkaDecoderRef): KafkaFormat | KafkaDecoderRef {
  if (typeof value === 'object' && value !== null) {
    const { module, export: name } = value
    if (typeof module === 'string' && URL.canParse(module) && typeof name === 'string' && name !== '')
      return { module, export: name }
  } else if (FORMATS.includes(value)) return value
  throw check.wrong('value', value, "'text', 'bytes', 'json' or a decoder { module: 'file:///...', export: 'name' }")
}
