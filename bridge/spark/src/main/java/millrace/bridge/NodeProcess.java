package millrace.bridge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/** A Node process of this executor, behind a unix socket. It runs one task at a time. */
final class NodeProcess {
  private static final long START_SECONDS = 60;
  private static final long EXIT_SECONDS = 5;
  /** Exit codes of a process that a signal ended: 128 and the number of the signal. */
  private static final int BY_SIGNAL = 128;
  private static final int SIGABRT = 6;

  /** Something else than its task ended a process before it could take one. */
  static final class KilledException extends IOException {
    private KilledException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Programs and broadcast variables that the process has. */
  final Set<Integer> programs = new HashSet<>();
  final Set<Integer> broadcasts = new HashSet<>();
  /** Partitions of state that the process holds, with the last snapshot of each. */
  final Map<String, String> states = new ConcurrentHashMap<>();
  final Heartbeats heartbeats;
  final DataInputStream in;
  final DataOutputStream out;
  private final Process process;
  private final SocketChannel tasks;

  NodeProcess() throws IOException {
    SparkConf conf = SparkEnv.get().conf();
    // Only this user may enter the directory (0700), so nobody else can connect.
    Path directory = Files.createTempDirectory("millrace");
    Path path = directory.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      process = start(conf, path);
      closeWhenLate(server);
      tasks = server.accept();
      in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(tasks), 1 << 16));
      out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(tasks), 1 << 16));
      checkVersion(conf.get("spark.millrace.version"));
      // The process connects once more after it has sent its version.
      heartbeats = new Heartbeats(server.accept(), this::kill);
    } catch (IOException e) {
      throw notStarted(e);
    } finally {
      Files.deleteIfExists(path);
      Files.deleteIfExists(directory);
    }
  }

  boolean isAlive() {
    return process.isAlive() && tasks.isOpen();
  }

  /** Runs an action when the process has ended, at once if it has. */
  void onExit(Runnable action) {
    process.onExit().thenRun(action);
  }

  void kill() {
    process.destroyForcibly();
    try {
      tasks.close();
    } catch (IOException e) {
      // The process is gone, and the socket with it.
    }
  }

  /** Returns why the process ended, as the driver's errors name it, once its connection has ended. */
  NodeLoss loss() throws InterruptedException {
    if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) return new NodeLoss("unreadable", null);
    int code = process.exitValue();
    if (heartbeats.isStuck()) return new NodeLoss("timeout", code);
    // So Node ends when its heap is full.
    if (code == BY_SIGNAL + SIGABRT) return new NodeLoss("out-of-memory", code);
    return new NodeLoss(code > BY_SIGNAL ? "terminated" : "exit", code);
  }

  private static Process start(SparkConf conf, Path socket) throws IOException {
    String worker = SparkFiles.get("millrace-library/dist/millrace-worker.js");
    List<String> command = new ArrayList<>();
    command.add(node(conf));
    command.addAll(List.of(conf.get("spark.millrace.flags").split(" ")));
    command.addAll(List.of(worker, socket.toString(), String.valueOf(Heartbeats.periodMs(conf))));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("MILLRACE_BOOT", conf.get("spark.millrace.boot"));
    builder.environment().put("MILLRACE_PACKAGE", conf.get("spark.millrace.package"));
    builder.environment().put("MILLRACE_HOST", conf.get("spark.millrace.host", conf.get("spark.driver.host")));
    builder.environment().put("MILLRACE_PORT", conf.get("spark.millrace.port", ""));
    builder.environment().put("MILLRACE_TOKEN", conf.get("spark.millrace.token", ""));
    // What functions print goes where the executor's output goes.
    builder.redirectOutput(ProcessBuilder.Redirect.INHERIT).redirectError(ProcessBuilder.Redirect.INHERIT);
    try {
      return builder.start();
    } catch (IOException e) {
      String advice = "Install Node 20.19 or later on this executor, or set spark.millrace.node to a path that it has";
      throw new IOException(e.getMessage() + ". " + advice + ".", e);
    }
  }

  /** Returns Node: a command, or a path, which may begin in the folder of the archives that Spark unpacks. */
  private static String node(SparkConf conf) {
    String node = conf.get("spark.millrace.node", "node");
    boolean isCommand = !node.contains("/");
    if (isCommand || Path.of(node).isAbsolute()) return node;
    File shipped = new File(SparkFiles.get(node));
    // Spark drops the permission of what it unpacks from .zip and .tar. If this fails, the start does.
    shipped.setExecutable(true);
    return shipped.getPath();
  }

  /** Closes the server when the process exits or its time is over. */
  private void closeWhenLate(ServerSocketChannel server) {
    process.onExit().thenRun(() -> close(server));
    CompletableFuture.delayedExecutor(START_SECONDS, TimeUnit.SECONDS).execute(() -> close(server));
  }

  private IOException notStarted(IOException cause) {
    if (process == null) return cause;
    boolean exited = !process.isAlive();
    process.destroyForcibly();
    if (exited && process.exitValue() > BY_SIGNAL) return new KilledException("A signal ended a Node process while it started.", cause);
    String why = exited ? "it exited with code " + process.exitValue() : "it did not connect in " + START_SECONDS + " s";
    return new IOException("A Node process of Millrace did not start: " + why + ". See the stderr of the executor.", cause);
  }

  private void checkVersion(String wanted) throws IOException {
    String version = new String(Wire.read(in), StandardCharsets.UTF_8);
    if (version.equals(wanted)) return;
    kill();
    throw new IllegalStateException("The worker of the Spark bridge has version " + version + ", the driver " + wanted + ". Install one version.");
  }

  private static void close(ServerSocketChannel server) {
    try {
      server.close();
    } catch (IOException e) {
      // Nothing waits for it any more.
    }
  }
}
