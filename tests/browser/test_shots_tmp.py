def test_shots(world, browse):
    b = world.building(name="3号楼")
    world.head(b)
    for w in (375, 1280):
        page = browse(w)
        page.goto(f"/q/{b.stairwell_code}")
        page.locator("label[for=c-power]").click()
        page.locator("label[for=t-power_out]").click()
        page.screenshot(path=f"/tmp/w/shot_topics_{w}.png", full_page=True)
        page.fill("#text", "配电箱冒烟了，快来人")
        page.locator("#send").click()
        page.wait_for_selector(".alarm a")
        page.screenshot(path=f"/tmp/w/shot_alarm_{w}.png")
