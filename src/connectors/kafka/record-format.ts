import { check } from './option-check.js'

/** How bytes become a value: as text, as they are, or parsed as JSON. */
export type KafkaFormat = 'text' | 'bytes' | 'json'

/** Decodes values in the worker threads: an object that a module exports. */
export interface KafkaDecoderRef {
  /** The URL of a JavaScript module that every thread loads once. */
  readonly module: string
  /** The name of the export, a KafkaDecoder. */
  readonly export: string
}

export interface KafkaDecoder<V = unknown> {
  /** Returns the value for the bytes of a record. An error fails the batch, and names topic and offset. */
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
