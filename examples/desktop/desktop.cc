// A window to talk to a model in.   usage: phi-desktop [MODEL]
// GTK runs on the main thread. The model loads and answers on another, the job, which leaves what
// is to be shown under a lock; the main loop fetches it when it is idle.
#include <gtk/gtk.h>
#include <phi.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "window.h"

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

struct App {
  std::string first_model;
  GtkWidget *view, *entry, *button, *open, *line;
  std::jthread job;                   // one at a time: loads a model, or answers
  std::atomic<bool> stopping{false};  // the job is to end; it looks after every token
  phi_model* model = nullptr;         // this, session and turns are the job's alone while it runs
  phi_session* session = nullptr;
  std::deque<std::string> turns;  // question, answer, question, ...
  std::mutex lock;                // guards what the job wants shown:
  std::string arrived, status;
  double done = 0;  // share of the loading or reading, 0 to 1
  std::atomic<bool> busy{false}, refresh_waits{false};
};

// Main thread: adds text and scrolls to it.
static void append_text(App* app, const std::string& text, const char* tag) {
  GtkTextBuffer* buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(app->view));
  GtkTextIter end;
  gtk_text_buffer_get_end_iter(buffer, &end);
  gtk_text_buffer_insert_with_tags_by_name(buffer, &end, text.c_str(), -1, tag, nullptr);
  GtkTextMark* mark = gtk_text_buffer_create_mark(buffer, "end", &end, FALSE);  // or moves it
  gtk_text_view_scroll_mark_onscreen(GTK_TEXT_VIEW(app->view), mark);
}

// Main thread: what the job left goes into the window.
static gboolean refresh(gpointer user) {
  App* app = static_cast<App*>(user);
  if (!app->view) return G_SOURCE_REMOVE;  // the window is closed
  const std::lock_guard guard(app->lock);
  app->refresh_waits = false;
  append_text(app, app->arrived, "answer");
  app->arrived.clear();
  gtk_label_set_text(GTK_LABEL(app->line), app->status.c_str());
  gtk_entry_set_progress_fraction(GTK_ENTRY(app->entry), app->busy ? app->done : 0);
  gtk_widget_set_sensitive(app->open, !app->busy);
  gtk_button_set_label(GTK_BUTTON(app->button), app->busy ? "Stop" : "Send");
  return G_SOURCE_REMOVE;
}

enum Progress { kRunning, kOver };

// Any thread. However often this is called, one refresh waits at most.
static void show(App* app, Progress progress, const std::string& status, double done,
                 std::string_view text) {
  const std::lock_guard guard(app->lock);
  app->busy = progress == kRunning;
  app->done = done;
  app->status = status;
  app->arrived += text;
  if (!app->refresh_waits) g_idle_add(refresh, app);
  app->refresh_waits = true;
}

// The library calls this while it loads a model and while it reads a long prompt.
static int32_t keep_going(void* user, double done) {
  App* app = static_cast<App*>(user);
  show(app, kRunning, std::to_string(static_cast<int>(done * 100)) + " % read", done, "");
  return !app->stopping;
}

static void load(App* app, const std::string& path) {
  phi_error err = {};
  phi_model_options loading = PHI_MODEL_OPTIONS_INIT;
  phi_session_options reading = PHI_SESSION_OPTIONS_INIT;
  loading.keep_going = reading.keep_going = keep_going;
  loading.user = reading.user = app;
  phi_session_free(app->session);
  phi_model_free(app->model);
  app->session = nullptr;
  app->turns.clear();
  phi_status status = phi_model_open(path.c_str(), &loading, &app->model, &err);
  if (status == PHI_OK) status = phi_session_create(app->model, &reading, &app->session, &err);
  const std::string advice = ". Choose another model with Open.";
  show(app, kOver, status == PHI_OK ? "Ready: " + path : err.message + advice, 0, "");
}

// Evaluates the conversation; what has no room any more is forgotten, the oldest turns first.
static phi_status read_turns(App* app, phi_error* err) {
  std::vector<phi_message> chat;
  for (const std::string& turn : app->turns)
    chat.push_back({chat.size() % 2 == 0 ? "user" : "assistant", turn.data(), turn.size()});
  const phi_status status = phi_session_append_chat(app->session, chat.data(), chat.size(), err);
  if (status != PHI_ERR_CONTEXT_FULL || chat.size() < 3) return status;
  app->turns.erase(app->turns.begin(), app->turns.begin() + 2);
  return read_turns(app, err);
}

static void answer(App* app, const std::string& question) {
  phi_error err = {};
  phi_stream* stream = nullptr;
  std::string reply, rate;
  app->turns.push_back(question);
  phi_status status = phi_stream_create(phi_model_tokenizer(app->model), nullptr, &stream, &err);
  if (status == PHI_OK) status = read_turns(app, &err);
  const gint64 start = g_get_monotonic_time();
  for (gint64 count = 1; status == PHI_OK && !app->stopping; ++count) {
    phi_token token;
    const char* text;
    size_t size;
    status = phi_session_next(app->session, &token, &err);
    if (status != PHI_OK || phi_stream_push(stream, token, &text, &size, &err) != PHI_OK) break;
    const gint64 microseconds = g_get_monotonic_time() - start + 1;
    rate = std::to_string(count * 1'000'000 / microseconds) + " tokens a second";
    reply.append(text, size);
    show(app, kRunning, rate, 0, {text, size});
  }
  phi_stream_free(stream);
  app->turns.push_back(reply);
  if (app->stopping) rate = "Stopped. " + rate;
  show(app, kOver, status < 0 && !app->stopping ? err.message : rate, 0, "\n\n");
}

// Main thread, while no job runs.
static void start(App* app, void (*run)(App*, const std::string&), const std::string& input) {
  app->stopping = false;
  show(app, kRunning, run == load ? "Loading " + input : "Reading", 0, "");
  refresh(app);
  app->job = std::jthread(run, app, input);
}

// The button, and Enter in the entry.
static void on_send(GtkWidget* from, App* app) {
  const std::string question = gtk_editable_get_text(GTK_EDITABLE(app->entry));
  if (app->busy && from == app->button) app->stopping = true;
  if (app->busy || !app->session || question.empty()) return;
  append_text(app, question + "\n", "question");
  gtk_editable_set_text(GTK_EDITABLE(app->entry), "");
  start(app, answer, question);
}

// A Hugging Face folder is chosen by its config.json.
static void on_chosen(GtkNativeDialog* dialog, int response, App* app) {
  if (response == GTK_RESPONSE_ACCEPT) {
    GFile* file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    const std::string path = g_file_peek_path(file);
    start(app, load, path.ends_with("/config.json") ? path.substr(0, path.size() - 12) : path);
    g_object_unref(file);
  }
  g_object_unref(dialog);
}

static void on_open(GtkWidget* button, App* app) {
  GtkWindow* window = GTK_WINDOW(gtk_widget_get_root(button));
  auto* dialog = gtk_file_chooser_native_new("Open a model", window, GTK_FILE_CHOOSER_ACTION_OPEN,
                                             nullptr, nullptr);
  g_signal_connect(dialog, "response", G_CALLBACK(on_chosen), app);
  gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void build_window(GtkApplication* gtk, App* app) {
  GtkBuilder* builder = gtk_builder_new_from_string(kWindow, -1);
  const auto get = [&](const char* id) { return GTK_WIDGET(gtk_builder_get_object(builder, id)); };
  app->view = get("view");
  g_object_add_weak_pointer(G_OBJECT(app->view), reinterpret_cast<gpointer*>(&app->view));
  app->entry = get("entry");
  app->button = get("button");
  app->open = get("open");
  app->line = get("line");
  g_signal_connect(app->open, "clicked", G_CALLBACK(on_open), app);
  g_signal_connect(app->entry, "activate", G_CALLBACK(on_send), app);
  g_signal_connect(app->button, "clicked", G_CALLBACK(on_send), app);
  gtk_window_set_application(GTK_WINDOW(get("window")), gtk);
  gtk_window_present(GTK_WINDOW(get("window")));
  g_object_unref(builder);
  start(app, load, app->first_model);
}

int main(int argc, char** argv) {
  App app;
  app.first_model = argc > 1 ? argv[1] : DEFAULT_MODEL;
  GtkApplication* gtk = gtk_application_new("org.example.phi", G_APPLICATION_NON_UNIQUE);
  g_signal_connect(gtk, "activate", G_CALLBACK(build_window), &app);
  const int result = g_application_run(G_APPLICATION(gtk), 1, argv);
  app.stopping = true;
  if (app.job.joinable()) app.job.join();
  phi_session_free(app.session);
  phi_model_free(app.model);
  g_object_unref(gtk);
  return result;
}
