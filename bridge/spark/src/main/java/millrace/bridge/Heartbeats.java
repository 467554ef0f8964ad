package millrace.bridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * The second connection of a Node process. A thread of that process sends a byte in each period in which its task made progress, also
 * while the task computes. A process whose task makes no progress for the task timeout is killed. One thread checks all processes.
 */
final class Heartbeats {
  private static final int MOST_MS = 1000;
  private static final int LEAST_MS = 10;
  private static final Set<Heartbeats> ALL = ConcurrentHashMap.newKeySet();
  private static final ScheduledExecutorService CHECKS =
      Executors.newSingleThreadScheduledExecutor(
          check -> {
            Thread thread = new Thread(check, "millrace heartbeats");
            thread.setDaemon(true);
            return thread;
          });

  static {
    int period = periodMs(SparkEnv.get().conf());
    CHECKS.scheduleWithFixedDelay(Heartbeats::checkAll, period, period, TimeUnit.MILLISECONDS);
  }

  private static long checkedAt = System.nanoTime();

  private final SocketChannel beats;
  private final Runnable kill;
  private final ByteBuffer buffer = ByteBuffer.allocate(64);
  private final long timeoutMs;
  private final int periodMs;
  /** Grows with each block of the task that goes to the process or comes from it. */
  private volatile int moved;
  private volatile boolean running;
  private volatile boolean stuck;
  private int seen;
  private long stillMs;

  Heartbeats(SocketChannel beats, Runnable kill) throws IOException {
    SparkConf conf = SparkEnv.get().conf();
    this.beats = beats;
    this.kill = kill;
    timeoutMs = timeoutMs(conf);
    periodMs = periodMs(conf);
    beats.configureBlocking(false);
    ALL.add(this);
  }

  /** Returns the ms between two checks, and between two heartbeats. */
  static int periodMs(SparkConf conf) {
    return (int) Math.max(LEAST_MS, Math.min(MOST_MS, timeoutMs(conf) / 4));
  }

  private static long timeoutMs(SparkConf conf) {
    return Long.parseLong(conf.get("spark.millrace.taskTimeoutMs"));
  }

  void taskStarted() {
    moved++;
    running = true;
  }

  void blockMoved() {
    moved++;
  }

  void taskEnded() {
    running = false;
  }

  /** Whether the process was killed because its task made no progress. */
  boolean isStuck() {
    return stuck;
  }

  void close() {
    ALL.remove(this);
    try {
      beats.close();
    } catch (IOException e) {
      // The process is gone, and the socket with it.
    }
  }

  private static void checkAll() {
    long now = System.nanoTime();
    long passed = TimeUnit.NANOSECONDS.toMillis(now - checkedAt);
    checkedAt = now;
    for (Heartbeats each : ALL) each.check(passed);
  }

  private void check(long passed) {
    boolean progressed = takeBeats();
    int now = moved;
    if (!running || progressed || now != seen) {
      seen = now;
      stillMs = 0;
      return;
    }
    // A late check was delayed, perhaps with the whole machine, and so were the heartbeats: only a part of that time counts.
    stillMs += Math.min(passed, 2L * periodMs);
    // A heartbeat is up to two periods late.
    if (stuck || stillMs <= timeoutMs + 2L * periodMs) return;
    stuck = true;
    kill.run();
  }

  private boolean takeBeats() {
    try {
      boolean found = false;
      while (beats.read(buffer.clear()) > 0) found = true;
      return found;
    } catch (IOException e) {
      // The process has ended. Its task learns that from its own connection.
      return false;
    }
  }
}
