import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SmallServer } from './small-server.js'

/** A NATS server with JetStream on disk. It takes connections without a user, and refuses users that it does not know. */
export function startNats(): Promise<SmallServer> {
  return SmallServer.start('nats', 'nats-server', ({ port, folder }) => {
    const settings = [
      `listen: "127.0.0.1:${port}"`,
      `jetstream { store_dir: "${join(folder, 'data')}" }`,
      'accounts { APP { jetstream: enabled, users: [ { user: app, password: app } ] } }',
      'no_auth_user: app',
    ]
    writeFileSync(join(folder, 'nats.conf'), settings.join('\n'))
    return ['-c', join(folder, 'nats.conf')]
  })
}
