import { SmallServer } from './small-server.js'

/** A Redis server that writes each command to disk before it answers: a crash loses none. */
export function startRedis(): Promise<SmallServer> {
  return SmallServer.start('redis', 'redis-server', ({ port, folder }) => [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder],
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  ])
}
