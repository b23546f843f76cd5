#include "mac/filter/filter_service.h"

#include <CoreFoundation/CoreFoundation.h>
#include <stdlib.h>

#include <string>

#include "boot_clock.h"

namespace freshet {
namespace {

// Not 0, which names nothing.
u64 RandomNumber() {
  u64 number = 0;
  while (number == 0) arc4random_buf(&number, sizeof(number));
  return number;
}

// CFBundleVersion of the extension; empty outside a bundle.
std::string OwnVersion() {
  const CFTypeRef version =
      CFBundleGetValueForInfoDictionaryKey(CFBundleGetMainBundle(), kCFBundleVersionKey);
  char text[kExtensionVersionBytesMax + 1] = {};
  if (version == nullptr || CFGetTypeID(version) != CFStringGetTypeID() ||
      !CFStringGetCString(static_cast<CFStringRef>(version), text, sizeof(text),
                          kCFStringEncodingUTF8))
    return "";
  return text;
}

}  // namespace

// Never destroyed: providers' threads may call until the program ends.
FilterService& FilterService::Get() {
  static FilterService* const service = new FilterService();
  return *service;
}

void FilterService::Stopped() { uplink_.Stopped(SinceBootNs()); }

FilterService::FilterService()
    : queue_(dispatch_queue_create("org.freshet.filter", DISPATCH_QUEUE_SERIAL)),
      ledger_({.seed = RandomNumber(),
               .on_pressure =
                   [this] {
                     dispatch_async(queue_, ^{
                       uplink_.Tick(SinceBootNs());
                     });
                   }}),
      transport_(queue_),
      uplink_(&ledger_, &transport_,
              {.run = RandomNumber(),
               .extension_version = OwnVersion(),
               .on_statistics =
                   [this](Statistics statistics) {
                     statistics_.store(statistics, std::memory_order_relaxed);
                     if (changed_) changed_(statistics);
                   }}),
      timer_(dispatch_source_create(DISPATCH_SOURCE_TYPE_TIMER, 0, 0, queue_)) {
  transport_.Attach(&uplink_);
  dispatch_source_set_timer(timer_, DISPATCH_TIME_NOW, NSEC_PER_SEC, NSEC_PER_SEC / 10);
  dispatch_source_set_event_handler(timer_, ^{
    uplink_.Tick(SinceBootNs());
  });
  dispatch_activate(timer_);
}

}  // namespace freshet
