// libFuzzer: any bytes as a stream on the status socket, in pieces, through the framer and the
// reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mac/app/menu_model.h"
#include "mac/app/status_client.h"

namespace {

void Check(bool held) {
  if (!held) std::abort();
}

bool Bounded(const std::string& text) { return text.size() <= freshet::kMenuTextBytesMax; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  // The first byte says how large the pieces are.
  const size_t piece = size == 0 ? 1 : 1 + data[0];
  LineFramer framer;
  for (size_t at = 1; at < size; at += piece) {
    const std::string_view part(reinterpret_cast<const char*>(data + at),
                                at + piece < size ? piece : size - at);
    const bool more = framer.Feed(part, [](std::string_view line) {
      const auto status = ParseStatusLine(line);
      if (!status) return true;
      const MenuModel* const model = &status->menu;
      Check(Bounded(model->line) && model->needs.size() <= kMenuNeedsMax &&
            model->rows.size() <= kMenuRowsMax && model->alerts.size() <= kMenuAlertsMax);
      for (const MenuNeed& need : model->needs)
        Check(Bounded(need.text) && (need.url.empty() || need.url.starts_with("x-apple.")));
      for (const std::string& row : model->rows) Check(Bounded(row));
      for (const MenuItem& item : LayMenu(*model)) Check(item.line.size() <= 64 * 4);
      return true;
    });
    if (!more) break;
  }
  return 0;
}
