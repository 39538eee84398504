// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/report.h"

#include <algorithm>

#include "base/json_value.h"
#include "nvmet/apply.h"
#include "sample.h"
#include "support/fake_configfs.h"

namespace {

using base::JsonValue;

struct Fixture : sample::Files {
    nvmet::Steps steps_to(const std::string& text) {
        return nvmet::make_plan(nvmet::read_tree(kernel).value(), wanted(text));
    }
    /// The step on the file that ends so.
    static const JsonValue& step_on(const JsonValue& plan, std::string_view file) {
        for (const JsonValue& step : plan["steps"].items) {
            if (step["path"].text.ends_with(file)) {
                return step;
            }
        }
        return plan["absent"];
    }
    support::FakeConfigfs kernel;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(report, Fixture)

BOOST_AUTO_TEST_CASE(nothing_to_do_is_said) {
    BOOST_TEST(nvmet::plan_text({}) == "nothing to do: the target matches the file\n");
    BOOST_TEST(nvmet::plan_json({}) == "{\"steps\":[]}\n");
}

BOOST_AUTO_TEST_CASE(a_plan_for_programs_has_every_step_and_no_key) {
    const auto steps = steps_to(sample::kFull);
    const std::string text = nvmet::plan_json(steps);
    const auto plan = JsonValue::parse(text, "plan");
    BOOST_REQUIRE_MESSAGE(plan.ok(), (plan.ok() ? "" : plan.error().text));
    BOOST_TEST((*plan)["steps"].items.size() == steps.size());
    BOOST_TEST(step_on(*plan, "disks/attr_serial")["op"].text == "write");
    BOOST_TEST(step_on(*plan, "disks/attr_serial")["value"].text == "S1");
    BOOST_TEST(step_on(*plan, "hosts/nqn.2024-08.com.example:web1")["op"].text == "mkdir");
    BOOST_TEST(step_on(*plan, "web1/dhchap_key")["secret"].text == "true");
    for (const char* key : {sample::kHostKey, sample::kCtrlKey}) {
        BOOST_TEST(text.find(key) == std::string::npos);
        BOOST_TEST(nvmet::plan_text(steps).find(key) == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_change_has_the_value_before) {
    BOOST_REQUIRE(nvmet::apply(kernel, steps_to(sample::kFull)).ok());
    const auto steps = steps_to(sample::with(sample::kFull, "ffdhe4096", "ffdhe2048"));
    BOOST_REQUIRE(steps.size() == 1U);
    const auto plan = JsonValue::parse(nvmet::plan_json(steps), "plan").value();
    const JsonValue& group = step_on(plan, "web1/dhchap_dhgroup");
    BOOST_TEST(group["value"].text == "ffdhe2048");
    BOOST_TEST(group["before"].text == "ffdhe4096");
    BOOST_TEST(nvmet::plan_text(steps).find(" ffdhe2048 (was ffdhe4096)\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_hosts_notice_is_named_and_counted) {
    BOOST_REQUIRE(nvmet::apply(kernel, steps_to(sample::kFull)).ok());
    const auto steps = steps_to(sample::with(sample::kFull, "serial = S1", "serial = S2"));
    const std::string text = nvmet::plan_text(steps);
    BOOST_TEST(text.find("   # ") != std::string::npos, text);
    BOOST_TEST(!text.ends_with(", 0 of them affect hosts\n"), text);
    const auto plan = JsonValue::parse(nvmet::plan_json(steps), "plan").value();
    const auto& items = plan["steps"].items;
    BOOST_TEST(std::ranges::any_of(
        items, [](const JsonValue& step) { return !step["effect"].text.empty(); }));
}

BOOST_AUTO_TEST_SUITE_END()
