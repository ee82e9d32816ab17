// A window to talk to a model in.   usage: phi-desktop [MODEL]
//
// GTK runs on the main thread. The model loads and answers on another, the job, which leaves what
// is to be shown under a lock; the main loop fetches it when it is idle.
#include <gtk/gtk.h>
#include <phi.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

struct App {
  std::string path;                         // of the model
  GtkWidget *text, *entry, *button, *line;  // the main thread's
  phi_model* model = nullptr;               // this and the next four are the job's while it runs
  phi_session* session = nullptr;
  phi_stream* stream = nullptr;
  phi_error err;
  std::vector<std::string> turns;  // question, answer, question, ...
  std::mutex lock;                 // guards what the job wants shown:
  std::string arrived, status;
  bool refresh_waits = false;
  std::atomic<bool> busy = false;      // a job runs
  std::atomic<bool> stopping = false;  // and is to end; it looks after every token
  std::jthread job;
};

static phi_status check(const App* app, phi_status status) {
  if (status < 0) throw std::runtime_error(app->err.message);
  return status;
}

// Main thread: adds text and scrolls to it.
static void append_text(App* app, const std::string& text, const char* tag = nullptr) {
  GtkTextBuffer* buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(app->text));
  GtkTextIter end;
  gtk_text_buffer_get_end_iter(buffer, &end);
  gtk_text_buffer_insert_with_tags_by_name(buffer, &end, text.c_str(), -1, tag, nullptr);
  GtkTextMark* mark = gtk_text_buffer_create_mark(buffer, "end", &end, FALSE);  // or moves it
  gtk_text_view_scroll_mark_onscreen(GTK_TEXT_VIEW(app->text), mark);
}

// Main thread: what the job left goes into the window.
static gboolean refresh(gpointer user) {
  App* app = static_cast<App*>(user);
  if (!app->text) return G_SOURCE_REMOVE;  // the window is closed
  const std::lock_guard guard(app->lock);
  app->refresh_waits = false;
  append_text(app, app->arrived);
  app->arrived.clear();
  gtk_label_set_text(GTK_LABEL(app->line), app->status.c_str());
  gtk_button_set_label(GTK_BUTTON(app->button), app->busy ? "Stop" : "Send");
  return G_SOURCE_REMOVE;
}

// Any thread. However often this is called, one refresh waits at most.
static void show(App* app, const std::string& status, std::string_view text = "") {
  const std::lock_guard guard(app->lock);
  app->status = status;
  app->arrived += text;
  if (!app->refresh_waits) g_idle_add(refresh, app);
  app->refresh_waits = true;
}

// Main thread, while no job runs. What the work returns is the status that stays.
static void start(App* app, const std::string& status, const std::function<std::string()>& work) {
  app->busy = true;
  app->stopping = false;
  show(app, status);
  refresh(app);
  app->job = std::jthread([app, work] {
    std::string last;
    try {
      last = work();
    } catch (const std::exception& error) {
      last = app->stopping ? "Stopped." : error.what();
    }
    app->busy = false;
    show(app, last);
  });
}

static std::string load(App* app) {
  phi_model_options loading = PHI_MODEL_OPTIONS_INIT;
  phi_session_options reading = PHI_SESSION_OPTIONS_INIT;
  loading.keep_going = reading.keep_going = [](void* user, double done) -> int32_t {
    show(static_cast<App*>(user), std::to_string(static_cast<int>(done * 100)) + " % read");
    return !static_cast<App*>(user)->stopping;
  };
  loading.user = reading.user = app;
  check(app, phi_model_open(app->path.c_str(), &loading, &app->model, &app->err));
  check(app, phi_stream_create(phi_model_tokenizer(app->model), nullptr, &app->stream, &app->err));
  check(app, phi_session_create(app->model, &reading, &app->session, &app->err));
  return "Ready: " + app->path;
}

// Reads the conversation, of which only the end is new to the session. What has no room any more
// is forgotten, the oldest question and its answer first.
static void read_turns(App* app, std::vector<std::string>& turns) {
  std::vector<phi_message> chat;
  for (const std::string& turn : turns)
    chat.push_back({chat.size() % 2 == 0 ? "user" : "assistant", turn.data(), turn.size()});
  const phi_status status =
      phi_session_append_chat(app->session, chat.data(), chat.size(), &app->err);
  if (status == PHI_ERR_CONTEXT_FULL && turns.size() > 2) {
    turns.erase(turns.begin(), turns.begin() + 2);
    return read_turns(app, turns);
  }
  check(app, status);
}

static std::string answer(App* app, const std::string& question) {
  std::vector<std::string> turns = app->turns;  // which stay as they were after an error
  turns.push_back(question);
  read_turns(app, turns);
  turns.push_back("");
  phi_token token;
  const char* text;
  size_t size;
  std::string rate;
  phi_stream_flush(app->stream, &text, &size, nullptr);  // what a stopped answer left
  const gint64 start = g_get_monotonic_time();
  for (gint64 count = 1; !app->stopping; ++count) {
    if (check(app, phi_session_next(app->session, &token, &app->err)) == PHI_END) break;
    check(app, phi_stream_push(app->stream, token, &text, &size, &app->err));
    const gint64 microseconds = g_get_monotonic_time() - start + 1;
    rate = std::to_string(count * 1'000'000 / microseconds) + " tokens a second";
    turns.back().append(text, size);
    show(app, rate, {text, size});
  }
  app->turns = turns;
  return app->stopping ? "Stopped. " + rate : rate;
}

// The button, and Enter in the entry.
static void on_send(GtkWidget* from, App* app) {
  const std::string question = gtk_editable_get_text(GTK_EDITABLE(app->entry));
  if (app->busy && from == app->button) app->stopping = true;
  if (app->busy || !app->session || question.empty()) return;
  append_text(app, "\n" + question + "\n", "question");
  gtk_editable_set_text(GTK_EDITABLE(app->entry), "");
  start(app, "Reading", [=] { return answer(app, question); });
}

template <class... Properties>
static GtkWidget* make(GType type, Properties... properties) {
  return GTK_WIDGET(g_object_new(type, properties..., nullptr));
}

static void open_window(GtkApplication* gtk, App* app) {
  app->text = make(GTK_TYPE_TEXT_VIEW, "editable", FALSE, "cursor-visible", FALSE, "wrap-mode",
                   GTK_WRAP_WORD_CHAR, "left-margin", 12, "right-margin", 12);
  g_object_add_weak_pointer(G_OBJECT(app->text), reinterpret_cast<gpointer*>(&app->text));
  GtkTextBuffer* buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(app->text));
  gtk_text_buffer_create_tag(buffer, "question", "weight", 700, "foreground", "#1a5fb4",
                             "pixels-above-lines", 8, "pixels-below-lines", 4, nullptr);
  app->entry = make(GTK_TYPE_ENTRY, "hexpand", TRUE, "placeholder-text", "Ask something");
  app->button = make(GTK_TYPE_BUTTON, "label", "Send");
  app->line = make(GTK_TYPE_LABEL, "xalign", 0.0, "ellipsize", PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_add_css_class(app->line, "dim-label");
  g_signal_connect(app->entry, "activate", G_CALLBACK(on_send), app);
  g_signal_connect(app->button, "clicked", G_CALLBACK(on_send), app);

  GtkWidget* scrolled = make(GTK_TYPE_SCROLLED_WINDOW, "child", app->text, "vexpand", TRUE);
  GtkWidget* grid = make(GTK_TYPE_GRID, "row-spacing", 6, "column-spacing", 6, "margin-start", 12,
                         "margin-end", 12, "margin-top", 12, "margin-bottom", 12);
  gtk_grid_attach(GTK_GRID(grid), scrolled, 0, 0, 2, 1);
  gtk_grid_attach(GTK_GRID(grid), app->entry, 0, 1, 1, 1);
  gtk_grid_attach(GTK_GRID(grid), app->button, 1, 1, 1, 1);
  gtk_grid_attach(GTK_GRID(grid), app->line, 0, 2, 2, 1);
  gtk_window_present(
      GTK_WINDOW(make(GTK_TYPE_APPLICATION_WINDOW, "application", gtk, "title", "phi", "titlebar",
                      make(GTK_TYPE_HEADER_BAR), "default-width", 640, "default-height", 480,
                      "child", grid, "focus-widget", app->entry)));
  start(app, "Loading " + app->path, [=] { return load(app); });
}

int main(int argc, char** argv) {
  App app;
  app.path = argc > 1 ? argv[1] : DEFAULT_MODEL;
  GtkApplication* gtk = gtk_application_new("org.example.phi", G_APPLICATION_NON_UNIQUE);
  g_signal_connect(gtk, "activate", G_CALLBACK(open_window), &app);
  const int result = g_application_run(G_APPLICATION(gtk), 1, argv);
  app.stopping = true;
  app.job = {};  // waits for it
  phi_stream_free(app.stream);
  phi_session_free(app.session);
  phi_model_free(app.model);
  g_object_unref(gtk);
  return result;
}
