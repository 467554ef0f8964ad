import type { IClientOptions, MqttClient } from 'mqtt'
import { SourceError } from '../../errors.js'
import { missingPackage } from '../missing-package.js'
import type { MqttSettings } from './options.js'

/** Reason codes with which a broker refuses a client permanently. */
const REFUSED = new Set([4, 5, 133, 134, 135, 138])
const CONNECT_MS = 10_000
const KEEP_ALIVE_SECONDS = 15

/** Host and port of the broker, for names and errors. */
export function brokerOf({ url }: MqttSettings): string {
  return new URL(url).host
}

/** Starts to connect with MQTT 5. The client emits an event when it is connected, or when it failed. */
export async function openClient(settings: MqttSettings, options: IClientOptions): Promise<MqttClient> {
  const { connect } = await loadClient()
  const { url, username, password, tls } = settings
  return connect(url, {
    ...tls,
    ...options,
    protocolVersion: 5,
    username,
    password,
    connectTimeout: CONNECT_MS,
    keepalive: KEEP_ALIVE_SECONDS,
  })
}

/** Resolves when the client is connected. At its first error, ends the client and rejects. */
export function connected(client: MqttClient, settings: MqttSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      client.off('connect', onConnect).off('error', onError).off('close', onClose)
      // A 'close' event follows each later error, and other listeners handle that.
      client.on('error', () => undefined)
      finish()
    }
    const failed = (error: Error) =>
      settle(() => {
        client.end(true)
        reject(explain(settings, error))
      })
    const onConnect = () => settle(resolve)
    const onError = (error: Error) => failed(error)
    const onClose = () => failed(new Error('the connection was closed'))
    client.on('connect', onConnect).on('error', onError).on('close', onClose)
  })
}

export function explain(settings: MqttSettings, error: Error): SourceError {
  const broker = brokerOf(settings)
  const code = (error as { readonly code?: unknown }).code
  if (typeof code === 'number' && REFUSED.has(code)) {
    const user = settings.username === undefined ? 'the client' : `user '${settings.username}'`
    return new SourceError(
      `The MQTT broker ${broker} refused ${user}: ${error.message}. Check username and password.`,
      {
        cause: error,
        details: { broker, code, final: true },
      },
    )
  }
  return new SourceError(
    `The MQTT broker ${broker} cannot be reached: ${error.message || String(code)}. Check url and tls, and that the broker runs.`,
    { cause: error, details: { broker, unreachable: true } },
  )
}

async function loadClient(): Promise<Pick<typeof import('mqtt'), 'connect'>> {
  try {
    const loaded = await import('mqtt')
    return loaded.default ?? loaded
  } catch (cause) {
    throw missingPackage('MQTT needs', ['mqtt'], 5, cause)
  }
}
