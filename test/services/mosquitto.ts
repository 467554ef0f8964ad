import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpacked } from './install.mjs'
import { SmallServer } from './small-server.js'

/** An MQTT 5 broker. It takes connections without a user, and refuses users that it does not know. */
export function startMosquitto(): Promise<SmallServer> {
  return SmallServer.start('mosquitto', 'mosquitto', ({ port, folder }) => {
    const { command, env } = unpacked('mosquitto', 'mosquitto_passwd')
    const users = join(folder, 'users')
    const { status, stderr } = spawnSync(command, ['-c', '-b', users, 'app', 'app'], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`mosquitto_passwd ended with ${status}: ${stderr}`)
    const root = process.getuid?.() === 0 ? ['user root'] : []
    const settings = [
      ...[`listener ${port} 127.0.0.1`, 'allow_anonymous true', `password_file ${users}`, ...root],
      ...['max_inflight_messages 1000', 'max_queued_messages 0', 'persistence true', `persistence_location ${folder}/`],
    ]
    writeFileSync(join(folder, 'mosquitto.conf'), `${settings.join('\n')}\n`)
    return ['-c', join(folder, 'mosquitto.conf')]
  })
}
