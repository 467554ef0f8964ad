import { row } from './rows/websocket.js'
import { runSuite } from './suite.js'

runSuite(row)
