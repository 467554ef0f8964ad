import { row } from './rows/redis.js'
import { runSuite } from './suite.js'

runSuite(row)
