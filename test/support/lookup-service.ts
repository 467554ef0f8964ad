import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A service on this machine that functions in worker threads look things up in, and that tests watch. */
export interface LookupService extends AsyncDisposable {
  readonly url: string
  /** Paths that were asked for, in the order in which they came. */
  readonly asked: string[]
  /** The most requests that were open at a time. */
  readonly most: number
}

export type Answer = (path: string, response: ServerResponse, open: number) => void

/** `answer` may keep a response and end it later, or never. */
export async function lookupService(answer: Answer): Promise<LookupService> {
  const asked: string[] = []
  let open = 0
  let most = 0
  const server = createServer((request, response) => {
    const path = request.url!.slice(1)
    asked.push(path)
    most = Math.max(most, ++open)
    response.once('close', () => open--)
    answer(path, response, open)
  })
  // It closes no connection that a busy thread has kept for its next question.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    get most() {
      return most
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
