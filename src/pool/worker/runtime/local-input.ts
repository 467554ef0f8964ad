import type { FileRange } from '../../../files/identity.js'
import type { TaskInput } from '../../protocol.js'

/** A piece that a partition reader yields: lines of text, or records. */
export type Piece = Buffer | readonly unknown[]

/**
 * An input in pieces: read before the program started, because reading it waits for a server, or read while they are
 * iterated over.
 */
export interface PiecesInput {
  readonly in: 'pieces'
  readonly pieces: Iterable<Piece>
  /** The ranges of files that the pieces are from. */
  readonly ranges?: readonly FileRange[]
  /** A checksum of the bytes of files. */
  readonly sum?: number
}

/** An input as this thread reads it. */
export type LocalInput = TaskInput | PiecesInput
