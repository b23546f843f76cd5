#include "mac/es_client.h"

#include <mach/mach.h>

namespace freshet {
namespace {

// What this process does is not told to it: its files and children would make work that makes work.
// Not vital: without it, its own execs are seen as others' are.
void MuteSelf(es_client_t* client) {
  audit_token_t self{};
  mach_msg_type_number_t count = TASK_AUDIT_TOKEN_COUNT;
  if (task_info(mach_task_self(), TASK_AUDIT_TOKEN, reinterpret_cast<task_info_t>(&self), &count) ==
      KERN_SUCCESS)
    es_mute_process(client, &self);
}

}  // namespace

EsAnswer EsClient::Open(const std::shared_ptr<EsHandler>& handler) {
  const std::shared_ptr<EsHandler> held = handler;  // a block copies what it captures
  const es_new_client_result_t result =
      es_new_client(&client_, ^(es_client_t*, const es_message_t* message) {
        held->Handle(*message);
      });
  if (result != ES_NEW_CLIENT_RESULT_SUCCESS) {
    client_ = nullptr;
    return AnswerOf(result);
  }
  MuteSelf(client_);
  if (es_subscribe(client_, kEsEvents.data(), kEsEvents.size()) == ES_RETURN_SUCCESS)
    return EsAnswer::kOpen;
  Close();
  return EsAnswer::kNoSubscription;
}

void EsClient::Close() {
  if (client_ == nullptr) return;
  es_unsubscribe_all(client_);
  es_delete_client(client_);
  client_ = nullptr;
}

}  // namespace freshet
