// SimGrid platforms for tests.
#pragma once

#include <string>

namespace kvferry {

inline std::string platform_of(const std::string& inside) {
  return "<?xml version='1.0'?>\n"
         "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
         "<platform version=\"4.1\"><zone id=\"z\" routing=\"Full\">\n" +
         inside + "</zone></platform>\n";
}

/// Two hosts on either side of one link, not named in the order of the alphabet. Each host's own link
/// is wider; that of `west` is far away.
inline const std::string kDumbbell = platform_of(R"(<host id="west" speed="1Gf"/>
<host id="south" speed="1Gf"/>
<host id="north" speed="1Gf"/>
<host id="east" speed="1Gf"/>
<link id="w" bandwidth="10GBps" latency="9us" sharing_policy="SPLITDUPLEX"/>
<link id="s" bandwidth="10GBps" latency="1us" sharing_policy="SPLITDUPLEX"/>
<link id="core" bandwidth="1GBps" latency="5us"/>
<link id="n" bandwidth="10GBps" latency="0us" sharing_policy="SPLITDUPLEX"/>
<link id="e" bandwidth="10GBps" latency="2us" sharing_policy="SPLITDUPLEX"/>
<route src="west" dst="north"><link_ctn id="w" direction="UP"/><link_ctn id="core"/><link_ctn id="n" direction="DOWN"/></route>
<route src="west" dst="east"><link_ctn id="w" direction="UP"/><link_ctn id="core"/><link_ctn id="e" direction="DOWN"/></route>
<route src="south" dst="north"><link_ctn id="s" direction="UP"/><link_ctn id="core"/><link_ctn id="n" direction="DOWN"/></route>
<route src="south" dst="east"><link_ctn id="s" direction="UP"/><link_ctn id="core"/><link_ctn id="e" direction="DOWN"/></route>
)");

}  // namespace kvferry
