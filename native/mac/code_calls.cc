// CodeApi over Security.framework: no decisions here.
#include <Security/Security.h>

#include <algorithm>
#include <array>

#include "mac/cf_ref.h"
#include "mac/code_inspector.h"

namespace freshet {
namespace {

// The rules of macOS's own policy (Security, policydb.cpp and syspolicy.sql: "Apple System", "Mac
// App Store", "Developer ID"). Its order is that of CodeRequirement.
constexpr const char* kRequirements[] = {
    "anchor apple",
    "anchor apple generic and certificate leaf[field.1.2.840.113635.100.6.1.9] exists",
    ("anchor apple generic and certificate 1[field.1.2.840.113635.100.6.2.6] exists and "
     "certificate leaf[field.1.2.840.113635.100.6.1.13] exists"),
    "notarized",
};

// Apple's chains have three.
constexpr CFIndex kCertificatesMax = 8;

constexpr SecCSFlags kOffline = kSecCSNoNetworkAccess;

// As many as there are requirements; made once. One that could not be made is met by nothing.
SecRequirementRef RequirementOf(CodeRequirement which) {
  static const std::array<SecRequirementRef, std::size(kRequirements)> made = [] {
    std::array<SecRequirementRef, std::size(kRequirements)> all{};
    for (size_t i = 0; i < all.size(); i++) {
      const CfRef text(CFStringCreateWithCString(nullptr, kRequirements[i], kCFStringEncodingUTF8));
      if (text) SecRequirementCreateWithString(text.get(), kSecCSDefaultFlags, &all[i]);
    }
    return all;
  }();
  return made[static_cast<size_t>(which)];
}

void AddCdhash(CFTypeRef value, std::vector<Cdhash>* cdhashes) {
  Cdhash cdhash;
  if (value == nullptr || CFGetTypeID(value) != CFDataGetTypeID()) return;
  const auto data = static_cast<CFDataRef>(value);
  if (CFDataGetLength(data) != static_cast<CFIndex>(cdhash.size())) return;
  std::copy_n(CFDataGetBytePtr(data), cdhash.size(), cdhash.begin());
  cdhashes->push_back(cdhash);
}

class AppleCodeSlice : public CodeSlice {
 public:
  explicit AppleCodeSlice(CfRef<SecStaticCodeRef> code) : code_(std::move(code)) {}

  OsStatus Read(CodeFacts* facts) override {
    CfRef<CFDictionaryRef> info;
    const OSStatus status =
        SecCodeCopySigningInformation(code_.get(), kSecCSSigningInformation, info.out());
    if (status != errSecSuccess) return status;
    facts->flags = NumberAt(info.get(), kSecCodeInfoFlags);
    facts->signing_id = TextAt(info.get(), kSecCodeInfoIdentifier);
    facts->team_id = TextAt(info.get(), kSecCodeInfoTeamIdentifier);
    AddCdhash(CFDictionaryGetValue(info.get(), kSecCodeInfoUnique), &facts->cdhashes);
    const auto others =
        static_cast<CFArrayRef>(ValueOf(info.get(), kSecCodeInfoCdHashes, CFArrayGetTypeID()));
    for (CFIndex i = 0; others != nullptr && i < CFArrayGetCount(others); i++)
      AddCdhash(CFArrayGetValueAtIndex(others, i), &facts->cdhashes);
    const auto certificates =
        static_cast<CFArrayRef>(ValueOf(info.get(), kSecCodeInfoCertificates, CFArrayGetTypeID()));
    if (certificates == nullptr) return errSecSuccess;
    // The leaf comes first, the anchor last (SecCode.h kSecCodeInfoCertificates).
    const CFIndex count = std::min<CFIndex>(CFArrayGetCount(certificates), kCertificatesMax);
    for (CFIndex i = 0; i < count; i++) {
      const void* const at = CFArrayGetValueAtIndex(certificates, i);
      CfRef<CFStringRef> name;
      if (SecCertificateCopyCommonName(static_cast<SecCertificateRef>(const_cast<void*>(at)),
                                       name.out()) == errSecSuccess)
        facts->authorities.push_back(TextOf(name.get()));
    }
    return errSecSuccess;
  }

  OsStatus Validate() override {
    return SecStaticCodeCheckValidity(code_.get(), kOffline | kSecCSDoNotValidateResources,
                                      nullptr);
  }

  bool Meets(CodeRequirement which) override {
    const SecRequirementRef requirement = RequirementOf(which);
    return requirement != nullptr &&
           SecStaticCodeCheckValidity(code_.get(), kOffline | kSecCSBasicValidateOnly,
                                      requirement) == errSecSuccess;
  }

 private:
  const CfRef<SecStaticCodeRef> code_;
};

class AppleCodeApi : public CodeApi {
 public:
  OsStatus Open(const std::string& path, u64 offset, std::unique_ptr<CodeSlice>* slice) override {
    const CfRef url(CFURLCreateFromFileSystemRepresentation(
        nullptr, reinterpret_cast<const UInt8*>(path.data()), static_cast<CFIndex>(path.size()),
        false));
    const int64_t at = static_cast<int64_t>(offset);
    const CfRef number(CFNumberCreate(nullptr, kCFNumberSInt64Type, &at));
    if (!url || !number) return errSecAllocate;
    const void* keys[] = {kSecCodeAttributeUniversalFileOffset};
    const void* values[] = {number.get()};
    const CfRef attributes(CFDictionaryCreate(nullptr, keys, values, offset == 0 ? 0 : 1,
                                              &kCFTypeDictionaryKeyCallBacks,
                                              &kCFTypeDictionaryValueCallBacks));
    if (!attributes) return errSecAllocate;
    CfRef<SecStaticCodeRef> code;
    const OSStatus status = SecStaticCodeCreateWithPathAndAttributes(url.get(), kSecCSDefaultFlags,
                                                                     attributes.get(), code.out());
    if (status == errSecSuccess) *slice = std::make_unique<AppleCodeSlice>(std::move(code));
    return status;
  }
};

}  // namespace

std::unique_ptr<CodeApi> MakeCodeApi() { return std::make_unique<AppleCodeApi>(); }

FindSignature PlatformSignatures() {
  const std::shared_ptr<CodeApi> api = MakeCodeApi();
  return [api](const Fd& file, u64 file_bytes, const std::string& path, const Cdhash& kernels) {
    return InspectCode(api.get(), file, file_bytes, path, kernels);
  };
}

}  // namespace freshet
