import { once } from 'node:events'
import type { Socket } from 'node:net'
import { BlockLostError } from '../../errors.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { FREED, type PulledBytes, packRequest } from '../pull-wire.js'
import { openSocket, type SocketReader } from '../socket-reader.js'
import type { PulledSlice } from '../stage-input.js'
import type { TaskMemory } from './task-memory.js'

/** Ms until the driver accepts a connection, and between two parts of an answer. */
const ANSWER_MS = 60_000

/** Where the driver serves blocks, and the token that identifies its workers. */
export interface BlockAddress {
  readonly host: string
  readonly port: number
  readonly token: string
}

interface Connection {
  readonly socket: Socket
  readonly reader: SocketReader
}

/** The connection of this process with the blocks of the driver. The first pull opens it. */
export class BlockLink {
  readonly #address: BlockAddress
  #open: Connection | undefined

  constructor(address: BlockAddress) {
    this.#address = address
  }

  /**
   * Resolves with a block of the task's memory for each slice, into which the connection is read without a copy between. Rejects with
   * BlockLostError if a block was freed, or if the driver does not answer.
   */
  async pull(slices: readonly PulledSlice[], memory: Pick<TaskMemory, 'receive'>): Promise<BlockHandle[]> {
    try {
      // It may have ended between two tasks.
      const open = this.#open?.socket.destroyed === false ? this.#open : await this.#connect()
      this.#open = open
      const { socket, reader } = open
      socket.setTimeout(ANSWER_MS)
      socket.write(Buffer.concat(slices.map(packRequest)))
      const blocks: BlockHandle[] = []
      for (const slice of slices) {
        const length = await reader.int()
        if (length === FREED) throw freed(slice)
        blocks.push(await memory.receive(slice.codec, slice.count, length, (payload) => reader.fill(payload)))
      }
      socket.setTimeout(0)
      return blocks
    } catch (error) {
      // The rest of the answer may still arrive on it. The next attempt opens another one.
      this.#open?.socket.destroy()
      this.#open = undefined
      throw error instanceof BlockLostError ? error : this.#silent(error)
    }
  }

  async #connect(): Promise<Connection> {
    const { host, port, token } = this.#address
    const { socket, reader } = openSocket({ host, port })
    socket.setNoDelay(true)
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer in ${ANSWER_MS} ms`)))
    await once(socket, 'connect')
    // Between tasks it is silent. An executor's process ends by itself.
    socket.unref()
    socket.write(token)
    return { socket, reader }
  }

  #silent(cause: unknown): BlockLostError {
    const { host, port } = this.#address
    return new BlockLostError(
      `The driver at ${host}:${port} does not serve received data: ${String(cause)}. Executors must reach this address: see spark.driver.host.`,
      { host, port },
    )
  }
}

function freed({ block }: PulledBytes): BlockLostError {
  return new BlockLostError(`Block ${block} of received data is freed: no batch needs it.`, { block })
}
