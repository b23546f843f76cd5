// The double's Endpoint Security: one client at a time, called serially by the threads of a test.
#include <Block.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "double.h"
#include "double_clock.h"

struct es_client_s {
  es_handler_block_t handler;
  std::thread::id maker;
  std::vector<es_event_type_t> subscribed;
  freshet::u32 muted_pid = 0;
};

namespace freshet::mac_double {
namespace {

struct World {
  std::mutex queue;  // held while a handler runs: the client's serial queue
  std::vector<es_new_client_result_t> answers;
  bool refuses_subscriptions = false;
  bool handlers_outlive = false;
  State state;
  es_client_s* client = nullptr;
  es_handler_block_t late = nullptr;  // of the last client that was deleted

  void KeepLate(es_handler_block_t handler) {
    if (late != nullptr) Block_release(late);
    late = handler;
  }
};

World& TheWorld() {
  static World world;
  return world;
}

}  // namespace

void Reset() {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  world.answers.clear();
  world.refuses_subscriptions = false;
  world.handlers_outlive = false;
  world.state = {};
  world.KeepLate(nullptr);
  ResetClocks();
}

void AnswerNewClients(std::vector<es_new_client_result_t> answers) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  std::reverse(answers.begin(), answers.end());
  world.answers = std::move(answers);
}

void RefuseSubscriptions(bool refuse) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  world.refuses_subscriptions = refuse;
}

void LetHandlersOutliveClients(bool let) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  world.handlers_outlive = let;
}

bool Deliver(const es_message_t& message) {
  World& world = TheWorld();
  std::unique_lock lock(world.queue);
  es_client_s* client = world.client;
  if (client == nullptr || std::find(client->subscribed.begin(), client->subscribed.end(),
                                     message.event_type) == client->subscribed.end())
    return false;
  if (message.process != nullptr && client->muted_pid != 0 &&
      client->muted_pid == static_cast<u32>(audit_token_to_pid(message.process->audit_token)))
    return false;
  if (!world.handlers_outlive) {
    client->handler(client, &message);
    return true;
  }
  es_handler_block_t held = Block_copy(client->handler);
  lock.unlock();
  held(nullptr, &message);
  Block_release(held);
  return true;
}

void DeliverLate(const es_message_t& message) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  world.late(nullptr, &message);
}

State Now() {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  State state = world.state;
  if (world.client != nullptr) state.subscribed = world.client->subscribed;
  return state;
}

}  // namespace freshet::mac_double

using namespace freshet::mac_double;

extern "C" {

es_new_client_result_t es_new_client(es_client_t** client, es_handler_block_t handler) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  world.state.asked++;
  es_new_client_result_t answer = ES_NEW_CLIENT_RESULT_SUCCESS;
  if (!world.answers.empty()) {
    answer = world.answers.back();
    if (world.answers.size() > 1) world.answers.pop_back();
  }
  // Another client while there is one: no test wants that, and the source must not.
  if (world.client != nullptr) answer = ES_NEW_CLIENT_RESULT_ERR_TOO_MANY_CLIENTS;
  if (answer != ES_NEW_CLIENT_RESULT_SUCCESS) return answer;
  world.state.made++;
  world.client = new es_client_s{Block_copy(handler), std::this_thread::get_id(), {}, 0};
  *client = world.client;
  return answer;
}

es_return_t es_delete_client(es_client_t* client) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  world.state.deleted++;
  if (client->maker != std::this_thread::get_id()) world.state.wrong_threads++;
  world.KeepLate(client->handler);
  world.client = nullptr;
  delete client;
  return ES_RETURN_SUCCESS;
}

es_return_t es_mute_process(es_client_t* client, const audit_token_t* token) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  client->muted_pid = static_cast<freshet::u32>(audit_token_to_pid(*token));
  world.state.muted_pid = client->muted_pid;
  return ES_RETURN_SUCCESS;
}

es_return_t es_subscribe(es_client_t* client, const es_event_type_t* events, uint32_t count) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  if (world.refuses_subscriptions) return ES_RETURN_ERROR;
  client->subscribed.assign(events, events + count);
  return ES_RETURN_SUCCESS;
}

es_return_t es_unsubscribe_all(es_client_t* client) {
  World& world = TheWorld();
  const std::lock_guard lock(world.queue);
  client->subscribed.clear();
  return ES_RETURN_SUCCESS;
}
}
