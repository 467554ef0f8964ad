import { createServer } from 'node:http'
import type { ServeFeed } from './feeds.js'

/** Paths of bad input. */
const STATUS: Readonly<Record<string, number>> = { '/nowhere': 404, '/private': 401 }

/** Answers with a body that does not end, to which each number adds a record. */
export function httpFeed(type: string, recordOf: (text: string) => string): ServeFeed {
  return (onOpen) =>
    createServer((request, response) => {
      const status = STATUS[request.url!.split('?')[0]!]
      if (status) {
        response.writeHead(status).end()
        return
      }
      response.writeHead(200, { 'content-type': type }).flushHeaders()
      onOpen((text) => response.write(recordOf(text)))
    })
}
